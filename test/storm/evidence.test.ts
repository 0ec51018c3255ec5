import { expect, test } from 'bun:test'
import type { SlotRecord, SlotState } from '../../src/contract/slot.ts'
import { Evidence, lagMs } from './evidence.ts'

const record = (seq: number, state: SlotState, pid: number | null = null) =>
  ({ name: 'a', seq, state, pid }) as SlotRecord

test('views that agree in time are not a contradiction', () => {
  const evidence = new Evidence()
  evidence.see('events', record(1, 'starting'), 0)
  evidence.see('disk', record(0, 'offline'), lagMs)
  evidence.see('api', record(1, 'starting'), 5000)
  expect([evidence.contradictions, evidence.records]).toEqual([[], 2])
})

test('two views that show different bytes for one record contradict each other', () => {
  const evidence = new Evidence()
  evidence.see('disk', record(1, 'ready', 7), 0)
  evidence.see('api', record(1, 'ready', 8), 0)
  expect(evidence.contradictions).toEqual([expect.stringContaining('disk says')])
})

test('a view that is behind for longer than it may be is reported', () => {
  const evidence = new Evidence()
  evidence.see('events', record(2, 'warming'), 0)
  evidence.see('cli', record(1, 'starting'), lagMs + 1)
  expect(evidence.contradictions).toEqual([expect.stringContaining(`${lagMs + 1} ms before`)])
})

test('a transition that is not in the table is reported, whichever record was seen first', () => {
  for (const order of [
    [1, 2],
    [2, 1],
  ]) {
    const evidence = new Evidence()
    const states: Record<number, SlotState> = { 1: 'offline', 2: 'ready' }
    for (const seq of order) evidence.see('events', record(seq, states[seq] as SlotState), 0)
    expect(evidence.contradictions).toEqual(['a went from offline #1 to ready #2'])
  }
})

test('what only the API had shown when the daemon was killed never happened', () => {
  const evidence = new Evidence()
  evidence.see('disk', record(1, 'starting', 7), 0)
  evidence.see('api', record(2, 'warming', 7), 10)
  evidence.daemonDied(20)
  evidence.see('api', record(2, 'warming', 7), 15)
  evidence.see('disk', record(1, 'starting', 7), 5000)
  evidence.see('events', record(2, 'warming', 8), 6000)
  expect([evidence.contradictions, evidence.records]).toEqual([[], 2])
})

test('a change that a record gets without a transition is not a contradiction', () => {
  const evidence = new Evidence()
  evidence.see('events', { ...record(1, 'unloading'), intent: null }, 0)
  evidence.see('disk', { ...record(1, 'unloading'), intent: 'load' }, 5000)
  expect(evidence.contradictions).toEqual([])
})

test('a view may be behind for as long as the disk held up a write of the test, and no longer', () => {
  const evidence = new Evidence()
  evidence.see('api', record(2, 'ready'), 1000)
  evidence.writing(900)(3000)
  evidence.see('disk', record(1, 'warming'), 3000 + lagMs)
  expect(evidence.contradictions).toEqual([])
  evidence.see('disk', record(1, 'warming'), 3001 + lagMs)
  expect(evidence.contradictions).toHaveLength(1)
})

test('a write that is under way counts, and one that the disk took at once does not', () => {
  const evidence = new Evidence()
  evidence.see('api', record(2, 'ready'), 0)
  for (let at = 0; at < lagMs; at += 100) evidence.writing(at)(at + 90)
  evidence.writing(500)
  evidence.see('disk', record(1, 'warming'), 2 * lagMs - 500)
  expect(evidence.contradictions).toEqual([])
  const other = new Evidence()
  other.see('api', record(2, 'ready'), 0)
  for (let at = 0; at < lagMs; at += 100) other.writing(at)(at + 90)
  other.see('disk', record(1, 'warming'), lagMs + 1)
  expect(other.contradictions).toHaveLength(1)
})
