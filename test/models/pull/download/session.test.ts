import { expect, test } from 'bun:test'
import { DownloadSession } from '../../../../src/models/pull/download/session.ts'
import { HandClock } from '../../../support/hand-clock.ts'
import { small } from '../fixture.ts'
import { originAt } from '../raw-origin.ts'

test('a line that brings more with every connection gets all of them', () => {
  const clock = new HandClock()
  let received = 0
  const session = new DownloadSession({
    origin: originAt('http://127.0.0.1:1'),
    clock,
    random: Math.random,
    settings: { ...small, maxConnections: 8 },
    signal: new AbortController().signal,
    received: () => received,
  })
  for (let no = 0; no < 1000; no++) {
    clock.advance(10)
    received += session.tuning.target * 1_000_000
    session.observe(true)
  }
  expect(session.tuning.target).toBe(8)
})
