import { expect, test } from 'bun:test'
import type { SlotRecord, SlotState } from '../../../src/contract/slot.ts'
import { SlotRecorder } from '../../../src/observability/why/slot-recorder.ts'
import { at } from '../support/happening.ts'

let seq = 0
const record = (state: SlotState, more: Partial<SlotRecord> = {}): SlotRecord => ({
  name: 'primary',
  state,
  since: at(seq),
  seq: ++seq,
  model: 'tiny',
  provider: 'llama.cpp',
  port: 8081,
  unit: 'hal0-slot@primary.service',
  pid: null,
  boot_id: null,
  reason: `because of ${state}`,
  pull: null,
  error: null,
  intent: null,
  ...more,
})

const kept = (states: SlotState[]): (SlotState | null)[] => {
  const recorder = new SlotRecorder()
  return states.flatMap((state) => recorder.take(record(state))?.state ?? [])
}

test('that requests come and go is not kept, and everything else is', () => {
  expect(kept(['starting', 'warming', 'ready', 'serving', 'ready', 'idle', 'serving', 'ready', 'unloading'])).toEqual([
    'starting',
    'warming',
    'ready',
    'unloading',
  ])
  expect(kept(['serving', 'ready', 'error'])).toEqual(['error'])
  expect(kept(['warming', 'serving', 'ready'])).toEqual(['warming', 'serving'])
})

test('a record that replaces one with the same number is not news', () => {
  const recorder = new SlotRecorder()
  const first = record('unloading')
  expect(recorder.take(first)?.text).toBe('because of unloading')
  expect(recorder.take({ ...first, intent: 'load' })).toBeNull()
})

test('what a backend said comes with its error: the line with the cause, or the last one, bounded', () => {
  const body = (details: Record<string, unknown>) => ({
    message: 'It crashed.',
    type: 'server_error',
    param: null,
    code: 'slot.crashed',
    details,
  })
  const said = (details: Record<string, unknown>) => new SlotRecorder().take(record('error', { error: body(details) }))
  expect(said({ cause_line: 'the cause', last_lines: ['a', 'b'] })).toMatchObject({
    said: 'the cause',
    code: 'slot.crashed',
  })
  expect(said({ cause_line: null, last_lines: ['a', 'b'] })?.said).toBe('b')
  expect(said({})?.said).toBeNull()
  expect(said({ cause_line: 'x'.repeat(9999) })?.said?.length).toBeLessThan(600)
})
