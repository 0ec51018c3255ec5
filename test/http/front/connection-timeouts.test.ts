import { expect, test } from 'bun:test'
import { ConnectionTimeouts, type Verdict, type Wait } from '../../../src/http/front/connection-timeouts.ts'
import { defaultFrontLimits } from '../../../src/http/front/limits.ts'

const limits = { ...defaultFrontLimits, idleMs: 10, headMs: 20, bodyMs: 30, bodyBytes: 100, writeMs: 40, lingerMs: 50 }
const nothing = { waiting: 0, moves: 0 }
const timeouts = () => new ConnectionTimeouts(limits, 0)

const ends: [Wait, number, Verdict][] = [
  ['a request', 10, 'idle'],
  ['a head', 20, 'late head'],
  ['a body', 30, 'late body'],
  ['the client to close', 50, 'lingered'],
]
for (const [wait, ms, verdict] of ends) {
  test(`${wait} is waited for until it is ${verdict}`, () => {
    expect(timeouts().verdict(ms, wait, nothing)).toBeNull()
    expect(timeouts().verdict(ms + 1, wait, nothing)).toBe(verdict)
    const again = timeouts()
    again.begin(5)
    expect(again.verdict(ms + 5, wait, nothing)).toBeNull()
  })
}

test('an answer is waited for as long as it takes', () => {
  expect(timeouts().verdict(1e9, 'an answer', nothing)).toBeNull()
})

test('a body may take a long time if enough of it keeps arriving', () => {
  const waiting = timeouts()
  waiting.received(100)
  expect(waiting.verdict(31, 'a body', nothing)).toBeNull()
  waiting.received(99)
  expect(waiting.verdict(61, 'a body', nothing)).toBeNull()
  expect(waiting.verdict(62, 'a body', nothing)).toBe('late body')
})

test('queued bytes must move, and nothing else counts in the meantime', () => {
  const waiting = timeouts()
  expect(waiting.verdict(100, 'an answer', { waiting: 0, moves: 0 })).toBeNull()
  expect(waiting.verdict(120, 'a request', { waiting: 9, moves: 0 })).toBeNull()
  expect(waiting.verdict(135, 'a request', { waiting: 5, moves: 1 })).toBeNull()
  expect(waiting.verdict(175, 'a request', { waiting: 5, moves: 1 })).toBeNull()
  expect(waiting.verdict(176, 'a request', { waiting: 5, moves: 1 })).toBe('stalled')
})
