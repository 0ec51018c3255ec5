import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { noBodyRules } from '../../../src/contract/rules/slot-rules.ts'
import type { SlotView } from '../../../src/slots/run/lease.ts'
import { until } from '../../support/until.ts'
import { EventReader } from '../support/event-reader.ts'
import { decisionOf, FakePulls } from '../support/fake-services.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let pulls: FakePulls
const readers: EventReader[] = []
beforeEach(async () => {
  pulls = new FakePulls()
  server = await startServer({ pulls })
  server.slots.add('primary')
})
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  await server.stop()
})

const open = async (query = '', lastEventId?: string): Promise<EventReader> => {
  const reader = await EventReader.open(`${server.url}/api/events${query}`, lastEventId)
  readers.push(reader)
  return reader
}
/** The id of the last of `events`. */
const lastId = (events: { id: string | null }[]): string => events.at(-1)?.id ?? ''
const leave = async (reader: EventReader): Promise<void> => {
  reader.close()
  await until('no stream is open', () => server.app.streams.size === 0)
}
const viewOf = (name: string, requests: number, waiting: number): SlotView => ({
  ...{ name, state: 'serving', model: 'tiny', aliases: [], load: 'manual', mode: 'chat', pid: 1, requests, waiting },
  rules: { params: noBodyRules, profiles: {} },
  capture: false,
  remoteMedia: false,
  abilities: () => {
    throw new Error('nobody asks')
  },
})

describe('one stream for everything', () => {
  test('begins with every slot, every pull, how busy the slots are, and what is wrong', async () => {
    server.slots.views = () => [viewOf('primary', 3, 2)]
    const first = await (await open()).take(4)
    expect(first.map(({ event }) => event)).toEqual(['slot', 'pull', 'activity', 'problems'])
    expect(first[0]?.data).toBe(server.slots.records()[0]?.json ?? '')
    expect(JSON.parse(first[2]?.data ?? '')).toEqual({ name: 'primary', in_flight: 1, waiting: 2 })
    expect(first[3]?.data).toBe('[]')
  })

  test('carries decisions only for those who ask for them', async () => {
    const usual = await open('?topics=slots')
    const decisions = await open('?topics=slots,decisions')
    await usual.take(1)
    await decisions.take(1)
    server.decisions.add(decisionOf(7))
    server.slots.become('primary', { state: 'starting' })
    expect((await usual.next()).event).toBe('slot')
    expect((await decisions.take(2)).map(({ event }) => event)).toEqual(['decision', 'slot'])
  })

  test('has progress without an id, so that nothing of it is resumed', async () => {
    const reader = await open('?topics=slots')
    await reader.take(1)
    const progress = { name: 'primary', state: 'warming' as const, elapsed_s: 1, expected_s: 2, pull: null }
    server.slots.signals.publish({ kind: 'progress', progress })
    const { event, id } = await reader.next()
    expect([event, id]).toEqual(['progress', null])
  })

  test('refuses a topic that there is not, in a sentence', async () => {
    const answer = await fetch(`${server.url}/api/events?topics=slots,gossip`)
    expect(answer.status).toBe(400)
    expect((await answer.json()).error.message).toContain('slots, pulls, activity, problems, decisions')
  })
})

describe('a reader that comes back', () => {
  test('gets of each feed what it missed, and nothing twice', async () => {
    const first = await open('?topics=slots,pulls,decisions')
    const seen = await first.take(2)
    server.decisions.add(decisionOf(7))
    const last = lastId([...seen, await first.next()])
    await leave(first)
    server.slots.become('primary', { state: 'starting' })
    server.decisions.add(decisionOf(8))
    pulls.changed.publish({ ...pulls.get('tiny'), phase: 'done' })
    const missed = await (await open('?topics=slots,pulls,decisions', last)).take(3)
    expect(missed.map(({ event }) => event).sort()).toEqual(['decision', 'pull', 'slot'])
    const data = (event: string) => JSON.parse(missed.find((one) => one.event === event)?.data ?? '{}')
    expect([data('slot').state, data('pull').phase, data('decision').id]).toEqual(['starting', 'done', 8])
  })

  test('that broke off between two feeds gets the second one whole', async () => {
    const first = await open()
    const afterSlots = lastId(await first.take(1))
    await leave(first)
    const missed = await (await open('', afterSlots)).take(2)
    expect(missed.map(({ event }) => event)).toEqual(['pull', 'problems'])
  })

  test('gets everything anew where its id is from another daemon or means nothing', async () => {
    for (const id of ['5000-1-', 'nonsense', '12345', '--', '-5-3-1']) {
      const [slot] = await (await open('', id)).take(1)
      expect([id, slot?.event]).toEqual([id, 'slot'])
    }
  })
})

test('a reader that stalls is cut off, and gets the rest when it comes back', async () => {
  await server.stop()
  server = await startServer({ pulls, streamLimits: { maxQueuedBytes: 20_000 } })
  server.slots.add('primary')
  const reader = await open('?topics=slots')
  const last = lastId(await reader.take(1))
  // More than the sockets between the two can hold.
  const reason = 'x'.repeat(60_000)
  for (let at = 0; server.app.streams.size > 0 && at < 1000; at++) {
    server.slots.become('primary', { reason, pid: at })
    await Bun.sleep(0)
  }
  expect(server.app.streams.size).toBe(0)
  const [next] = await (await open('?topics=slots', last)).take(1)
  expect(JSON.parse(next?.data ?? '{}').pid).toBe(0)
})
