import { expect, test } from 'bun:test'
import { parseEvents, type ServerEvent } from '../../src/cli/api/event-stream.ts'

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const parseAll = async (text: string, chunkSize = 1_000_000): Promise<ServerEvent[]> => {
  const events: ServerEvent[] = []
  for await (const event of parseEvents(chunksOf(new TextEncoder().encode(text), chunkSize))) events.push(event)
  return events
}

test('an event has its name, its data and its id', async () => {
  expect(await parseAll('id: 7\nevent: slot\ndata: {"a":1}\n\n')).toEqual([{ event: 'slot', data: '{"a":1}', id: '7' }])
})

test('an event without a name is a message, and the last id is kept', async () => {
  const events = await parseAll('id: 7\ndata: a\n\ndata: b\n\n')
  expect(events).toEqual([
    { event: 'message', data: 'a', id: '7' },
    { event: 'message', data: 'b', id: '7' },
  ])
})

test('data lines are joined, only one space after the colon is dropped, and a bare field is empty', async () => {
  expect((await parseAll('data:  two spaces\ndata:none\ndata\n\n'))[0]?.data).toBe(' two spaces\nnone\n')
})

test('comments, unknown fields and events without data are ignored', async () => {
  expect(await parseAll(': heartbeat\n\nevent: empty\n\nnonsense: 1\ndata: x\n\n')).toEqual([
    { event: 'message', data: 'x', id: '' },
  ])
})

test('an event that is cut off by the end of the stream is dropped', async () => {
  expect(await parseAll('data: whole\n\ndata: torn\n')).toHaveLength(1)
})

test('an id with a NUL is ignored', async () => {
  expect((await parseAll('id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n'))[1]?.id).toBe('1')
})

test('a byte order mark at the start is not part of the first field', async () => {
  expect(await parseAll('\ufeffdata: x\n\n')).toHaveLength(1)
})

test('the server may set the pause before a new connection', async () => {
  const pauses: number[] = []
  const source = chunksOf(new TextEncoder().encode('retry: 1500\nretry: soon\ndata: x\n\n'), 100)
  for await (const _ of parseEvents(source, (ms) => pauses.push(ms)));
  expect(pauses).toEqual([1500])
})

for (const [name, end] of [
  ['LF', '\n'],
  ['CR', '\r'],
  ['CRLF', '\r\n'],
] as const) {
  test(`lines that end with ${name} are the same wherever the chunks are split`, async () => {
    const text = ['id: 1', 'event: slot', 'data: é漢', 'data: 👍', '', ': ping', '', 'data: next', '', ''].join(end)
    const whole = await parseAll(text)
    expect(whole).toEqual([
      { event: 'slot', data: 'é漢\n👍', id: '1' },
      { event: 'message', data: 'next', id: '1' },
    ])
    for (let size = 1; size < 12; size++) expect(await parseAll(text, size)).toEqual(whole)
  })
}

test('an event that ends with only CRs is reported before more data arrives', async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const events = parseEvents(readable)
  const first = events.next()
  await writer.write(new TextEncoder().encode('data: now\r\r'))
  expect((await first).value?.data).toBe('now')
  await writer.close()
})
