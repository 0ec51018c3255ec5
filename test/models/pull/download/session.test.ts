import { expect, test } from 'bun:test'
import { DownloadSession } from '../../../../src/models/pull/download/session.ts'
import { Throttle } from '../../../../src/models/pull/origin/throttle.ts'
import { HandClock } from '../../../support/hand-clock.ts'
import { small } from '../fixture.ts'
import { originAt } from '../raw-origin.ts'

/** @returns connections that a line uses after ten seconds in which ever more arrived */
const connectionsAfter = (requests: (now: number) => number): number => {
  const clock = new HandClock()
  let received = 0
  const session = new DownloadSession({
    origin: originAt('http://127.0.0.1:1'),
    clock,
    random: Math.random,
    settings: { ...small, maxConnections: 8 },
    throttle: new Throttle(() => requests(clock.now()), 1),
    signal: new AbortController().signal,
    received: () => received,
  })
  for (let no = 0; no < 1000; no++) {
    clock.advance(10)
    received += session.tuning.target * 1_000_000
    session.pause(session.tuning.target * 1_000_000)
    session.observe(true)
  }
  return session.tuning.target
}

test('a line that brings more with every connection gets all of them', () => {
  expect(connectionsAfter(() => 0)).toBe(8)
})

test('what arrived while it was throttled says nothing about the number of connections', () => {
  expect(connectionsAfter((now) => now)).toBe(2)
})
