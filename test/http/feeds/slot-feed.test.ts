import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { until } from '../../support/until.ts'
import { EventReader } from '../support/event-reader.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
const readers: EventReader[] = []
beforeEach(async () => {
  server = await startServer()
  server.slots.add('embed')
  server.slots.add('primary')
})
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  await server.stop()
})

const open = async (lastEventId?: string, query = ''): Promise<EventReader> => {
  const reader = await EventReader.open(`${server.url}/api/slots/events${query}`, lastEventId)
  readers.push(reader)
  return reader
}
const nameOf = ({ data }: { data: string }): string => JSON.parse(data).name

describe('a fresh client', () => {
  test('gets every record, byte for byte, then every transition, with ids that grow', async () => {
    const reader = await open()
    const snapshot = await reader.take(2)
    expect(snapshot.map(({ event }) => event)).toEqual(['slot', 'slot'])
    expect(snapshot.map(({ data }) => data)).toEqual(server.slots.records().map(({ json }) => json))
    server.slots.become('primary', { state: 'starting' })
    server.slots.become('primary', { state: 'warming' })
    const live = await reader.take(2)
    expect(live.map(({ data }) => JSON.parse(data).state)).toEqual(['starting', 'warming'])
    expect(live[1]?.data).toBe(server.slots.records()[1]?.json ?? '')
    const ids = [...snapshot, ...live].map(({ id }) => Number(id))
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    expect(new Set(ids).size).toBe(4)
  })

  test('gets progress without an id', async () => {
    const reader = await open()
    await reader.take(2)
    const progress = { name: 'primary', state: 'warming' as const, elapsed_s: 12, expected_s: 30, pull: null }
    server.slots.signals.publish({ kind: 'progress', progress })
    const event = await reader.next()
    expect([event.event, event.id, JSON.parse(event.data)]).toEqual(['progress', null, progress])
  })

  test('hears of a deleted slot', async () => {
    const reader = await open()
    await reader.take(2)
    await server.slots.delete('embed')
    const event = await reader.next()
    expect([event.event, event.data]).toEqual(['deleted', '{"name":"embed"}'])
  })

  test('that asks for one slot hears of no other', async () => {
    const reader = await open(undefined, '?name=primary')
    expect(nameOf(await reader.next())).toBe('primary')
    server.slots.become('embed', { state: 'starting' })
    server.slots.become('primary', { state: 'starting' })
    expect(nameOf(await reader.next())).toBe('primary')
  })

  test('gets a comment if there are no slots', async () => {
    await server.slots.delete('embed')
    await server.slots.delete('primary')
    expect((await (await open()).nextBlock())?.comment).toBe(true)
  })
})

describe('a client that comes back', () => {
  test('gets only what it missed', async () => {
    const first = await open()
    const last = (await first.take(2))[1]?.id ?? ''
    first.close()
    await until('no stream is open', () => server.app.streams.size === 0)
    server.slots.become('primary', { state: 'starting' })
    await server.slots.delete('embed')
    const missed = await (await open(last)).take(2)
    expect(missed.map(({ event }) => event)).toEqual(['slot', 'deleted'])
    expect(missed.map(nameOf)).toEqual(['primary', 'embed'])
  })

  test('that missed nothing gets no snapshot', async () => {
    const first = await open()
    const last = (await first.take(2))[1]?.id ?? ''
    const again = await open(last)
    server.slots.become('primary', { state: 'starting' })
    expect(JSON.parse((await again.next()).data).state).toBe('starting')
  })

  test('from the middle of its snapshot gets it whole again', async () => {
    const first = await open()
    const middle = (await first.next()).id ?? ''
    expect((await (await open(middle)).take(2)).map(nameOf)).toEqual(['embed', 'primary'])
  })

  test('with an id from the future, of another daemon, or without meaning gets the snapshot', async () => {
    for (const id of [String((Date.now() + 60_000) * 1000), '1000', 'nonsense', '-5', '1e3']) {
      expect((await (await open(id)).take(2)).map(nameOf)).toEqual(['embed', 'primary'])
    }
  })

  test('after 1000 transitions gets them all, though that is more than a lagging reader may queue', async () => {
    const first = await open()
    const last = (await first.take(2))[1]?.id ?? ''
    first.close()
    const reason = 'x'.repeat(1000)
    for (let i = 0; i < 1000; i++) server.slots.become('primary', { reason })
    expect((await (await open(last)).take(1000)).length).toBe(1000)
  })
})
