/** Uploads as forms: the model is found wherever it stands, and the backend gets the form to the byte. */
import { afterEach, describe, expect, test } from 'bun:test'
import { FakeSlots } from '../support/fake-slots.ts'
import { MiniServer } from '../support/mini-server.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const path = '/v1/audio/transcriptions'

/** A backend that says what it got, and a server before it whose slot can transcribe. */
const setUp = (options: { bodyMemoryBytes?: number } = {}) => {
  const got: { type: string | null; sum: string; bytes: number }[] = []
  const backend = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    maxRequestBodySize: 1 << 30,
    async fetch(request) {
      const bytes = await request.bytes()
      got.push({ type: request.headers.get('content-type'), sum: sumOf(bytes), bytes: bytes.length })
      return Response.json({ text: 'heard', usage: { input_tokens: 14, output_tokens: 2 } })
    },
  })
  const slots = new FakeSlots(`http://127.0.0.1:${backend.port}`)
  slots.list = slots.list.map((slot) => ({ ...slot, mode: 'transcription' }))
  const server = new MiniServer(slots, options)
  cleanups.push(
    () => backend.stop(true),
    () => server.stop(),
  )
  return { server, got }
}

const sumOf = (bytes: Uint8Array): string => new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
const sound = (bytes: number): Buffer => {
  const random = Buffer.alloc(bytes)
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(random.subarray(at, Math.min(bytes, at + 65_536)))
  return random
}

const boundary = 'a line: no, /a boundary?'
const type = `multipart/form-data; charset=utf-8; boundary="${boundary}"`
const part = (name: string, content: Buffer | string, more = ''): Buffer =>
  Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`),
    Buffer.from(content as string),
    Buffer.from('\r\n'),
  ])
const formOf = (...parts: Buffer[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]))
const file = (bytes: number): Buffer => part('file', sound(bytes), '; filename="ä\u0301.wav"')
const model = part('model', 'primary')
const language = part('language', 'en')

describe('a form reaches the backend to the byte, with its own boundary', () => {
  const forms: Record<string, Uint8Array<ArrayBuffer>> = {
    'with the model before the file': formOf(model, file(5_000_000), language),
    'with the model after the file': formOf(language, file(5_000_000), model),
    'with the model between two files': formOf(file(1_000_000), model, file(1_000_000)),
    'that is small': formOf(file(100), model),
    'of 30 MB': formOf(file(30_000_000), model),
  }
  for (const [what, form] of Object.entries(forms)) {
    test(`${what}, of a known length and in chunks`, async () => {
      const { server, got } = setUp()
      const send = (body: BodyInit) =>
        fetch(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body })
      expect((await send(form)).status).toBe(200)
      expect((await send(new Blob([form]).stream())).status).toBe(200)
      const whole = { type, sum: sumOf(form), bytes: form.length }
      expect(got).toEqual([whole, whole])
      expect((await server.logged(1))[0]).toMatchObject({ path, model: 'primary', slot: 'primary' })
    })
  }
})

test('a form is held once: memory for exactly one is enough for it, and is free afterwards', async () => {
  const form = formOf(file(8_000_000), model)
  const { server, got } = setUp({ bodyMemoryBytes: form.length })
  for (let nth = 1; nth <= 3; nth++) {
    const answer = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: form,
    })
    expect(answer.status).toBe(200)
    await answer.arrayBuffer()
    expect([got.length, server.bodies.used]).toEqual([nth, 0])
  }
})

test('a form that does not fit the memory for bodies is told to come again', async () => {
  const form = formOf(file(8_000_000), model)
  const { server, got } = setUp({ bodyMemoryBytes: form.length - 1 })
  const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body: form })
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({ error: { code: 'daemon.busy' } })
  expect([got.length, server.bodies.used]).toEqual([0, 0])
})

test('a form for a model that there is not is refused', async () => {
  const { server, got } = setUp()
  const form = formOf(part('model', 'whisper-1'), file(2_000_000))
  const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body: form })
  expect(answer.status).toBe(404)
  expect(await answer.json()).toMatchObject({ error: { code: 'model.not_found', details: { model: 'whisper-1' } } })
  expect(got).toEqual([])
})

test('a body that is not called a form is refused with the type that it needs', async () => {
  const { server } = setUp()
  for (const wrong of ['application/json', 'multipart/form-data', 'text/plain']) {
    const answer = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': wrong },
      body: formOf(model),
    })
    expect(answer.status).toBe(415)
    expect(await answer.json()).toMatchObject({ error: { code: 'request.invalid', param: 'content-type' } })
  }
})
