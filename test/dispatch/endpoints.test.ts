/** Every row of the endpoint table, through the dispatcher to a backend. */
import { afterEach, describe, expect, test } from 'bun:test'
import { type Endpoint, endpoints } from '../../src/contract/endpoints.ts'
import { jsonAnswer, type RawRequest } from './support/raw-upstream.ts'
import { relayTo } from './support/relay-to.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const setUp = (answer: (request: RawRequest) => void = ({ socket }) => socket.write(jsonAnswer('{"here":1}'))) =>
  relayTo(answer, cleanups)
type SetUp = ReturnType<typeof setUp>

const boundary = 'a boundary'
const formOf = (model: string): string =>
  ['file', 'model']
    .map((name) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${model}\r\n`)
    .join('')
    .concat(`--${boundary}--\r\n`)

/** A request of this endpoint for `model`; `text` is its body. */
const requestOf = ({ method, model: place }: Endpoint, path: string, model: string) => {
  if (method === 'GET') return { url: `${path}?model=${model}`, text: '', init: {} }
  const text = place === 'multipart' ? formOf(model) : JSON.stringify({ x: [1, 'ä'], model })
  const type = place === 'multipart' ? `multipart/form-data; boundary="${boundary}"` : 'application/json'
  return { url: path, text, init: { method, body: text, headers: { 'content-type': type } } }
}

/** Those that name a model. */
const rows = Object.entries<Endpoint>(endpoints).filter(([, { model }]) => model !== 'stream')
const forMode = ({ slots }: SetUp, mode: Endpoint['capability']): void => {
  slots.list = slots.list.map((slot) => ({ ...slot, mode }))
}

for (const [name, row] of rows) {
  for (const path of row.paths) {
    test(`${name} at ${path} reaches the slot that can do it, with its body unchanged`, async () => {
      const parts = setUp()
      forMode(parts, row.capability)
      const { url, text, init } = requestOf(row, path, 'primary')
      const answer = await fetch(`${parts.server.url}${url}`, init)
      expect([answer.status, await answer.text()]).toEqual([200, '{"here":1}'])
      const [asked] = parts.upstream.requests
      expect(asked?.head).toStartWith(`${row.method} ${row.backendPath} HTTP/1.1\r\n`)
      expect(asked?.body).toBe(text)
      expect((await parts.server.logged(1))[0]).toMatchObject({ path, model: 'primary', slot: 'primary', status: 200 })
    })

    test(`${name} at ${path} is refused by hal0 where no slot can do it`, async () => {
      const parts = setUp()
      forMode(parts, row.capability === 'chat' ? 'embedding' : 'chat')
      const { url, init } = requestOf(row, path, 'primary')
      const answer = await fetch(`${parts.server.url}${url}`, init)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({
        error: { code: 'request.unsupported', details: { model: 'primary', slots: [] } },
      })
      expect(parts.upstream.requests).toEqual([])
    })
  }
}

test('the voices of any slot are told where no model is named', async () => {
  const parts = setUp()
  forMode(parts, 'speech')
  expect((await fetch(`${parts.server.url}/v1/audio/voices`)).status).toBe(200)
  expect((await parts.server.logged(1))[0]).toMatchObject({ model: null, slot: 'primary' })
})

describe('messages and count_tokens have each of hal0’s errors in Anthropic’s envelope', () => {
  const cases: Record<string, { body: string; status: number; type: string; code: string }> = {
    'no JSON': { body: '{"model":', status: 400, type: 'invalid_request_error', code: 'request.invalid' },
    'no model': { body: '{}', status: 400, type: 'invalid_request_error', code: 'request.invalid' },
    'an unknown model': { body: '{"model":"x"}', status: 404, type: 'not_found_error', code: 'model.not_found' },
    'a body that is too large': {
      body: `{"model":"primary","x":"${'x'.repeat(65 << 20)}"}`,
      status: 413,
      type: 'request_too_large',
      code: 'request.too_large',
    },
  }
  for (const path of [...endpoints.messages.paths, ...endpoints.countTokens.paths]) {
    for (const [what, { body, status, type, code }] of Object.entries(cases)) {
      test(`${path}: ${what}`, async () => {
        const { server } = setUp()
        const answer = await server.post(body, { path })
        expect(answer.status).toBe(status)
        const error = { type, code, message: expect.any(String), details: expect.any(Object) }
        expect(await answer.json()).toEqual({ type: 'error', error })
      })
    }
  }

  test('but a backend’s own error is passed on as it came', async () => {
    const own = '{"error":{"code":500,"message":"no messages","type":"server_error"}}'
    const { server } = setUp(({ socket }) =>
      socket.write(jsonAnswer(own).replace('200 OK', '500 Internal Server Error')),
    )
    const answer = await server.post({ model: 'primary' }, { path: '/v1/messages' })
    expect([answer.status, await answer.text()]).toEqual([500, own])
  })
})
