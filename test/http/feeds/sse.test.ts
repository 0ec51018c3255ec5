import { afterEach, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { followSlotLog } from '../../../src/http/feeds/slot-log.ts'
import { EventStream, EventStreams, encodeFrame } from '../../../src/http/feeds/sse.ts'
import type { LogEntry, LogEvent } from '../../../src/system/supervisor.ts'
import { until } from '../../support/until.ts'
import { RawClient } from '../front/raw-client.ts'
import { EventReader } from '../support/event-reader.ts'
import { decisionOf } from '../support/fake-services.ts'
import { FakeSlots } from '../support/fake-slots.ts'
import { startServer, type TestServer } from '../support/server.ts'

const text = (frame: Parameters<typeof encodeFrame>[0]): string => new TextDecoder().decode(encodeFrame(frame))

describe('a frame', () => {
  test('has type, id and data, and ends with an empty line', () => {
    expect(text({ event: 'slot', id: 7, data: '{}' })).toBe('event: slot\nid: 7\ndata: {}\n\n')
  })

  test('cannot be broken by line breaks in its data', () => {
    expect(text({ data: 'a\nid: 9\r\nevent: x\rdata: b' })).toBe(
      'data: a\ndata: id: 9\ndata: event: x\ndata: data: b\n\n',
    )
  })

  for (const event of ['a\nb', 'a\rb', 'a\r\nb']) {
    test(`cannot have the type ${JSON.stringify(event)}`, () => {
      expect(() => encodeFrame({ event, data: '' })).toThrow()
    })
  }
})

test('a stream that is finished still gives its reader what was queued, one that is closed does not', async () => {
  const endings: string[] = []
  const take = async (end: (stream: EventStream) => void): Promise<string> => {
    const stream = new EventStream(() => endings.push('ended'))
    for (const data of ['1', '2']) stream.send(encodeFrame({ data }))
    end(stream)
    stream.send(encodeFrame({ data: 'too late' }))
    return new Response(stream.body).text()
  }
  expect(await take((stream) => stream.finish())).toBe('data: 1\n\ndata: 2\n\n')
  expect(await take((stream) => stream.close())).toBe('')
  expect(endings).toEqual(['ended', 'ended'])
})

let server: TestServer | null = null
afterEach(async () => {
  await server?.stop()
  server = null
})

const start = async (overrides: Parameters<typeof startServer>[0] = {}): Promise<TestServer> => {
  server = await startServer(overrides)
  server.slots.add('primary')
  return server
}

test('the tail of the log has only what its filter wants, of what was missed, too', async () => {
  const { url, decisions } = await start()
  for (const id of [1, 2, 3]) decisions.add({ ...decisionOf(id), status: id === 2 ? 503 : 200 })
  const reader = await EventReader.open(`${url}/api/logs/decisions/events?status=503&caller=127.0.0.1`, '0')
  expect((await reader.next()).id).toBe('2')
  decisions.add(decisionOf(4))
  decisions.add({ ...decisionOf(5), status: 503 })
  expect((await reader.next()).id).toBe('5')
  expect(decisions.queries[0]).toMatchObject({ status: 503, caller: '127.0.0.1' })
  const refused = await fetch(`${url}/api/logs/decisions/events?since=2026-02-31T00:00:00Z&until=x`)
  expect(refused.status).toBe(400)
})

describe('a stream of events', () => {
  test('is what EventSource accepts, uncached and unbuffered', async () => {
    const { url } = await start()
    const reader = await EventReader.open(`${url}/api/slots/events`)
    expect(reader.response.status).toBe(200)
    expect(reader.response.headers.get('content-type')).toContain('text/event-stream')
    expect(reader.response.headers.get('cache-control')).toBe('no-store')
    expect(reader.response.headers.get('x-accel-buffering')).toBe('no')
    reader.close()
  })

  test('opens at once with a comment, and has comments while nothing happens', async () => {
    const { url } = await start({ streamLimits: { heartbeatMs: 20 } })
    const reader = await EventReader.open(`${url}/api/logs/decisions/events`)
    for (let seen = 0; seen < 4; seen++) expect((await reader.nextBlock())?.comment).toBe(true)
    reader.close()
  })

  test('is refused beyond the limit, and possible again once another has gone', async () => {
    const { url, app } = await start({ streamLimits: { maxStreams: 2 } })
    const open = (): Promise<EventReader> => EventReader.open(`${url}/api/slots/events`)
    const [first] = await Promise.all([open(), open()])
    const refused = await fetch(`${url}/api/slots/events`)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect(((await refused.json()) as { error: { code: string } }).error.code).toBe('stream.too_many')
    first.close()
    await until('one stream is open', () => app.streams.size === 1)
    expect((await open()).response.status).toBe(200)
  })

  test('has room for 600 readers, each of whom hears of everything', async () => {
    const { port, app, slots } = await start()
    const readers = await Promise.all(Array.from({ length: 600 }, () => RawClient.open(port)))
    for (const reader of readers) reader.send('GET /api/slots/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await until('all are open', () => app.streams.size === 600)
    slots.become('primary', { reason: 'for everybody' })
    await Promise.all(readers.map((reader) => reader.until(() => reader.text.includes('for everybody'))))
    for (const reader of readers) reader.close()
    await until('none is open', () => app.streams.size === 0)
  })

  test('leaves nothing behind after 1000 clients have come and gone', async () => {
    const { url, app, slots } = await start()
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, at) => {
          const path = ['slots/events', 'slots/primary/logs/events', 'logs/decisions/events'][at % 3]
          const reader = await EventReader.open(`${url}/api/${path}`)
          if (at % 2 === 0) await reader.nextBlock()
          reader.close()
        }),
      )
    }
    await until('no stream is open', () => app.streams.size === 0)
    expect(slots.followers.get('primary')?.size).toBe(0)
  })

  test('is cut off when its reader stalls, while others continue', async () => {
    const { url, port, app, slots } = await start({ streamLimits: { maxQueuedBytes: 100_000 } })
    const healthy = await EventReader.open(`${url}/api/slots/events`)
    await healthy.next()
    const stalled = connect(port, '127.0.0.1')
    const reset = new Promise<void>((resolve) => stalled.once('close', () => resolve()))
    stalled.on('error', () => {})
    stalled.pause()
    stalled.write('GET /api/slots/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await until('two streams are open', () => app.streams.size === 2)
    const reason = 'x'.repeat(50_000)
    let sent = 0
    while (app.streams.size === 2) {
      if (sent >= 2000) throw new Error('100 MB were queued for a reader that takes nothing')
      slots.become('primary', { reason })
      sent++
      expect(JSON.parse((await healthy.next()).data).reason).toBe(reason)
    }
    expect(app.streams.size).toBe(1)
    stalled.resume()
    await reset
    healthy.close()
  })

  test('ends when the daemon stops, so that the server can', async () => {
    const { url, app } = await start()
    const reader = await EventReader.open(`${url}/api/logs/decisions/events`)
    await reader.nextBlock()
    app.streams.closeAll()
    expect(await reader.nextBlock()).toBeNull()
    expect(app.streams.size).toBe(0)
  })
})

test('a stream whose feeding fails is not kept open', () => {
  const streams = new EventStreams({ heartbeatMs: 1000, maxStreams: 1, maxQueuedBytes: 1 })
  const attach = (): never => {
    throw new Error('no such slot')
  }
  expect(() => streams.open(new Request('http://localhost/'), attach)).toThrow('no such slot')
  expect(streams.size).toBe(0)
})

describe('the tail of a log', () => {
  const eventsOf = (entries: LogEntry[]): LogEvent[] => entries.map((entry, at) => ({ id: `1.${at}`, entry }))

  test('sends each line as one JSON string', async () => {
    const { url, slots } = await start()
    const reader = await EventReader.open(`${url}/api/slots/primary/logs/events`)
    await until('the log is followed', () => slots.followers.get('primary')?.size === 1)
    const lines = ['plain', 'with "quotes" and \n line \r breaks', '\u0000\u001b[31m']
    for (const take of slots.followers.get('primary') ?? []) await take(eventsOf(lines))
    const events = await reader.take(3)
    expect(events.map(({ event }) => event)).toEqual(['log', 'log', 'log'])
    expect(events.map(({ data }) => JSON.parse(data))).toEqual(lines)
    expect(events.map(({ id }) => id)).toEqual(['1.0', '1.1', '1.2'])
    reader.close()
  })

  test('gives a reader that keeps up a burst of 5 MB whole, a bundle at a time, and gaps as gaps', async () => {
    const { url, slots } = await start()
    const reader = await EventReader.open(`${url}/api/slots/primary/logs/events`)
    await until('the log is followed', () => slots.followers.get('primary')?.size === 1)
    const lines = Array.from({ length: 50_000 }, (_, index) => `line ${index} ${'x'.repeat(90)}`)
    const handing = (async () => {
      for (const take of slots.followers.get('primary') ?? []) {
        await take(eventsOf(lines))
        await take(eventsOf([{ bytes: 12 }, 'after']))
      }
    })()
    const events = await reader.take(lines.length + 2)
    await handing
    expect(events.slice(0, lines.length).map(({ data }) => JSON.parse(data))).toEqual(lines)
    expect(events.slice(-2).map(({ event, data }) => [event, JSON.parse(data)])).toEqual([
      ['gap', { bytes: 12 }],
      ['log', 'after'],
    ])
    reader.close()
  })

  test('waits for a reader that takes nothing, without keeping what that reader has not taken', async () => {
    const stream = new EventStream(() => {})
    let handed = 0
    const slots = new FakeSlots()
    slots.add('primary')
    followSlotLog(slots, { name: 'primary', from: { lines: 0 } }, stream)
    const [take] = slots.followers.get('primary') ?? []
    const taking = Promise.resolve(take?.(eventsOf(Array.from({ length: 10_000 }, () => 'x'.repeat(1000))))).then(
      () => (handed = 1),
    )
    await Bun.sleep(50)
    expect(handed).toBe(0)
    stream.close()
    await taking
    expect(handed).toBe(1)
  })

  test('begins with as many of the last lines as requested, or where the reader says that it stopped', async () => {
    const { url, slots } = await start()
    const asked: unknown[] = []
    const following = slots.followLogs.bind(slots)
    slots.followLogs = (name, take, from) => {
      asked.push(from)
      return following(name, take)
    }
    for (const query of ['', '?lines=7']) {
      ;(await EventReader.open(`${url}/api/slots/primary/logs/events${query}`)).close()
    }
    ;(await EventReader.open(`${url}/api/slots/primary/logs/events?lines=7`, '12.345')).close()
    expect(asked).toEqual([{ lines: 0 }, { lines: 7 }, { after: '12.345' }])
    for (const query of ['?lines=x', '?lines=10001', '?line=1']) {
      const { status } = await fetch(`${url}/api/slots/primary/logs/events${query}`)
      expect([query, status]).toEqual([query, 400])
    }
  })

  test('of an unknown slot is an envelope, not a stream', async () => {
    const { url, app } = await start()
    const response = await fetch(`${url}/api/slots/nobody/logs/events`)
    expect([response.status, response.headers.get('content-type')?.split(';')[0]]).toEqual([404, 'application/json'])
    expect(app.streams.size).toBe(0)
  })
})

describe('the tail of the decisions', () => {
  test('sends each decision, and to a reader that reconnects what it missed', async () => {
    const { url, app, decisions } = await start()
    const reader = await EventReader.open(`${url}/api/logs/decisions/events`)
    await until('one stream is open', () => app.streams.size === 1)
    decisions.add(decisionOf(1))
    const first = await reader.next()
    expect([first.event, first.id, JSON.parse(first.data)]).toEqual(['decision', '1', decisionOf(1)])
    reader.close()
    decisions.add(decisionOf(2))
    decisions.add(decisionOf(3))
    const again = await EventReader.open(`${url}/api/logs/decisions/events`, '1')
    expect((await again.take(2)).map(({ id }) => id)).toEqual(['2', '3'])
    again.close()
  })

  test('sends what arrives while it sends what was missed, once and in order', async () => {
    const { url, decisions } = await start()
    for (let id = 1; id <= 600; id++) decisions.add(decisionOf(id))
    const looked = Promise.withResolvers<void>()
    const list = decisions.list.bind(decisions)
    decisions.list = async (query) => {
      const page = await list(query)
      decisions.add(decisionOf(601))
      looked.resolve()
      return page
    }
    const reader = await EventReader.open(`${url}/api/logs/decisions/events`, '100')
    await looked.promise
    decisions.add(decisionOf(602))
    const expected = Array.from({ length: 502 }, (_, at) => String(at + 101))
    expect((await reader.take(502)).map(({ id }) => id)).toEqual(expected)
    reader.close()
  })
})
