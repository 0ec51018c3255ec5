/**
 * Backends that misbehave, by script: for each, what the client gets, what the log says, and that no place and no socket is left. Each
 * request says in a header how its backend is to treat it, so that all of them run side by side.
 */
import { afterEach, describe, expect, test } from 'bun:test'
import type { Decision } from '../../../src/contract/logs/decision.ts'
import { RawClient } from '../../http/front/raw-client.ts'
import { until } from '../../support/until.ts'
import { chunk, jsonAnswer, type RawRequest, sse, streamEnd, streamHead } from '../support/raw-upstream.ts'
import { relayTo } from '../support/relay-to.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

/** @param heard resolves once hal0 has read what every script has sent first */
type Script = (socket: RawRequest['socket'], heard: Promise<void>) => void

/** What a client saw: its head, its body without the frames, and whether it was complete. */
interface Seen {
  status: number
  head: string
  body: string
  complete: boolean
}

const seenBy = (raw: string): Seen => {
  const end = raw.indexOf('\r\n\r\n')
  const head = raw.slice(0, end)
  const rest = raw.slice(end + 4)
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(raw)?.[1])
  if (!/^transfer-encoding: chunked/im.test(head)) {
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1])
    return { status, head, body: rest, complete: rest.length === length }
  }
  const complete = rest.endsWith('0\r\n\r\n')
  const body = rest.replace(/0\r\n\r\n$/, '').replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, '')
  return { status, head, body: body.replace(/\r\n$/, ''), complete }
}

/**
 * Runs all scripts at once.
 * @param silent how many of them send nothing at first
 * @returns for each what its client saw, and its line in the log
 */
const play = async (
  scripts: readonly Script[],
  { silent = 0, timeoutMs = 60_000 } = {},
): Promise<{ seen: Seen; logged: Decision }[]> => {
  const heard = Promise.withResolvers<void>()
  const parts = relayTo(({ head, socket }) => {
    scripts[Number(/x-script: (\d+)/i.exec(head)?.[1])]?.(socket, heard.promise)
  }, cleanups)
  const { server, slots, upstream } = parts
  const isHeard = () => slots.leases.filter(({ heardAt }) => heardAt > 0).length >= scripts.length - silent
  until('all that was sent is read', isHeard, 60_000).then(heard.resolve, heard.reject)
  slots.timeoutMs = timeoutMs
  const body = JSON.stringify({ model: 'primary', stream: true })
  const texts = await Promise.all(
    scripts.map(async (_, index) => {
      const client = await RawClient.open(server.port)
      const lines = `Host: a\r\nX-Script: ${index}\r\nX-Request-Id: script-${index}\r\nConnection: close\r\n`
      client.send(
        `POST /v1/chat/completions HTTP/1.1\r\n${lines}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
      const text = await client.toEnd()
      client.close()
      return text
    }),
  )
  const decisions = await server.logged(scripts.length)
  // No place is left, each was given back once; no socket either, but for those that can be used again.
  expect(slots.leases.map(({ released }) => released)).toEqual(scripts.map(() => 1))
  const reusable = decisions.filter(({ outcome, code }) => outcome !== 'broken' && code === null).length
  await upstream.until(() => upstream.connections - upstream.closed <= reusable)
  return texts.map((text, index) => {
    const logged = decisions.find(({ request_id }) => request_id === `script-${index}`)
    if (logged === undefined) throw new Error(`script ${index} is not in the log`)
    return { seen: seenBy(text), logged }
  })
}

const codeIn = (json: string): string => (JSON.parse(json) as { error: { code: string } }).error.code

describe('a backend that dies', () => {
  /** Sends the first bytes of an answer. */
  const cut =
    (answer: string, bytes: number, how: 'end' | 'terminate'): Script =>
    (socket, heard) => {
      socket.write(answer.slice(0, bytes))
      void heard.then(() => socket[how]())
    }

  for (const how of ['end', 'terminate'] as const) {
    test(`at any byte of an answer of known length (${how}) becomes an error answer, unless it was complete`, async () => {
      const answer = jsonAnswer('{"choices":[]}')
      const played = await play(
        Array.from({ length: answer.length + 1 }, (_, bytes) => cut(answer, bytes, how)),
        { silent: 1 },
      )
      const whole = played.pop()
      expect(whole?.seen).toMatchObject({ status: 200, body: '{"choices":[]}', complete: true })
      expect(whole?.logged).toMatchObject({ outcome: 'ok', code: null })
      for (const { seen, logged } of played) {
        expect([seen.status, codeIn(seen.body), seen.complete]).toEqual([502, 'upstream.failed', true])
        expect(logged).toMatchObject({ outcome: 'error', status: 502, code: 'upstream.failed' })
      }
    })

    test(`at any byte of a stream (${how}) becomes an error answer before the head's end, and then a last event`, async () => {
      const answer = streamHead + sse({ n: 1 }) + sse({ n: 2 }) + streamEnd
      const played = await play(
        Array.from({ length: answer.length + 1 }, (_, bytes) => cut(answer, bytes, how)),
        { silent: 1 },
      )
      const events = ['data: {"n":1}', 'data: {"n":2}', 'data: [DONE]']
      for (const [bytes, { seen, logged }] of played.entries()) {
        if (bytes === answer.length) {
          expect(seen).toMatchObject({ status: 200, body: `${events.join('\n\n')}\n\n`, complete: true })
        } else if (bytes < streamHead.length) {
          expect([seen.status, codeIn(seen.body), seen.complete]).toEqual([502, 'upstream.failed', true])
        } else {
          const came = seen.body.split('\n\n').filter((event) => event !== '')
          const last = came.pop() ?? ''
          expect(codeIn(last.slice('data: '.length))).toBe('upstream.failed')
          // Whole events only.
          expect(came).toEqual(events.slice(0, came.length))
          expect(seen.complete).toBe(false)
          expect(logged).toMatchObject({ outcome: 'broken', status: 200, code: 'upstream.failed' })
        }
      }
    })
  }
})

const text = (socket: RawRequest['socket'], answer: string): void => {
  socket.write(answer)
}
const after = (head: string): string => `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${head}\r\n\r\n`
const refusal = (status: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nRetry-After: 7\r\nContent-Length: 19\r\n\r\n{"error":{"n": 1 }}`

interface Row {
  does: string
  script: Script
  /** What the client gets: a status and, if hal0 answers, its code. */
  status: number
  code?: string
  /** The body, if it passes unchanged; a stream that breaks ends with an event. */
  body?: string
  breaks?: true
  /** In the answer's head. */
  head?: RegExp
}

const rows: Row[] = [
  {
    does: 'says nothing',
    script: () => {},
    status: 504,
    code: 'upstream.timeout',
  },
  {
    does: 'stalls within the head',
    script: (socket) => text(socket, 'HTTP/1.1 200 OK\r\nContent-'),
    status: 504,
    code: 'upstream.timeout',
  },
  {
    does: 'stalls within a body of known length',
    script: (socket) => text(socket, `${after('Content-Length: 9')}{"a`),
    status: 504,
    code: 'upstream.timeout',
  },
  {
    does: 'stalls within a stream',
    script: (socket) => text(socket, streamHead + sse({ n: 1 })),
    status: 200,
    code: 'upstream.timeout',
    breaks: true,
  },
  {
    does: 'trickles: one byte at a time',
    script: (socket) => {
      const answer = streamHead + sse({ n: 1 }) + streamEnd
      let at = 0
      const more = () => {
        text(socket, answer[at] ?? '')
        socket.flush()
        if (++at < answer.length) setTimeout(more, 1)
      }
      more()
    },
    status: 200,
    body: 'data: {"n":1}\n\ndata: [DONE]\n\n',
  },
  {
    does: 'refuses with 429',
    script: (socket) => text(socket, refusal('429 Too Many Requests')),
    status: 429,
    body: '{"error":{"n": 1 }}',
    head: /^retry-after: 7$/im,
  },
  {
    does: 'refuses with 503',
    script: (socket) => text(socket, refusal('503 Service Unavailable')),
    status: 503,
    body: '{"error":{"n": 1 }}',
    head: /^retry-after: 7$/im,
  },
  {
    does: 'sends more than its Content-Length',
    script: (socket) => text(socket, `${after('Content-Length: 2')}{}{"more":1}`),
    status: 200,
    body: '{}',
  },
  {
    does: 'sends less than its Content-Length, and closes',
    script: (socket) => {
      text(socket, `${after('Content-Length: 20')}{}`)
      socket.end()
    },
    status: 502,
    code: 'upstream.failed',
  },
  {
    does: 'has a Content-Length that is no number',
    script: (socket) => text(socket, `${after('Content-Length: -5')}{}`),
    status: 502,
    code: 'upstream.failed',
  },
  {
    does: 'has a chunk that is longer than it says, right after its first event',
    script: (socket) => text(socket, `${streamHead + sse({ n: 1 })}2\r\nabc\r\n`),
    status: 502,
    code: 'upstream.failed',
  },
  {
    does: 'has a chunk whose length is no number, right after its first event',
    script: (socket) => text(socket, `${streamHead + sse({ n: 1 })}zz\r\n`),
    status: 502,
    code: 'upstream.failed',
  },
  {
    does: 'has headers of 60 kB',
    script: (socket) => text(socket, jsonAnswer('{}', `X-Huge: ${'x'.repeat(60_000)}\r\n`)),
    status: 200,
    body: '{}',
    head: /^x-huge: x{60000}$/im,
  },
  {
    does: 'has headers of 100 kB',
    script: (socket) => {
      const answer = Buffer.from(jsonAnswer('{}', `X-Huge: ${'x'.repeat(100_000)}\r\n`))
      let sent = socket.write(answer)
      const more = () => {
        const written = socket.write(answer.subarray(sent))
        if (written < 0) return
        sent += written
        if (sent < answer.length) setImmediate(more)
      }
      more()
    },
    status: 502,
    code: 'upstream.failed',
  },
  {
    does: 'speaks something else',
    script: (socket) => text(socket, '\0\x07garbage, not HTTP\r\n\r\n'),
    status: 502,
    code: 'upstream.failed',
  },
  {
    does: 'sends a stream that never was one',
    script: (socket) => text(socket, `${streamHead}${chunk('garbage')}${streamEnd}`),
    status: 200,
    body: 'garbagedata: [DONE]\n\n',
  },
]

for (const [what, some, timeoutMs] of [
  ['stalls', rows.filter(({ code }) => code === 'upstream.timeout'), 2000],
  ['does something else', rows.filter(({ code }) => code !== 'upstream.timeout'), 60_000],
] as const) {
  test(`a backend that ${what} reaches the client as an error that says so, or passes unchanged, and its place is free`, async () => {
    const played = await play(
      some.map(({ script }) => script),
      { timeoutMs, silent: some.length },
    )
    for (const [index, { does, status, code = null, body, breaks = false, head }] of some.entries()) {
      const { seen, logged } = played[index] ?? {}
      const lastEvent = breaks ? (seen?.body.trim().split('\n\n').at(-1)?.slice('data: '.length) ?? '') : ''
      const told = code === null ? null : codeIn(breaks ? lastEvent : (seen?.body ?? ''))
      expect({ does, status: seen?.status, code: told, complete: seen?.complete }).toEqual({
        does,
        status,
        code,
        complete: !breaks,
      })
      if (body !== undefined) expect(seen?.body).toBe(body)
      if (head !== undefined) expect(seen?.head).toMatch(head)
      const outcome = breaks ? 'broken' : status < 400 ? 'ok' : 'error'
      expect({ does, outcome: logged?.outcome, status: logged?.status, code: logged?.code ?? null }).toEqual({
        does,
        outcome,
        status,
        code,
      })
    }
  })
}
