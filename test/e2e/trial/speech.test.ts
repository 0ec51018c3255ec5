/** A provider that transcribes and speaks only adds its row: the audio endpoints reach its slots. */
import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI, { toFile } from 'openai'
import type { OpenAiModelList } from '../../../src/contract/models/openai-model.ts'
import { Daemon, errorOf } from '../../support/daemon.ts'
import { makeStandIn, standInEventsOf } from '../../support/stand-in-llama.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { trialProgram } from './program.ts'

test('OpenAI’s client has slots transcribe, speak and tell their voices; another slot is refused and names them', async () => {
  const folder = tempDir()
  for (const part of ['encoder', 'decoder', 'tokens']) writeFileSync(join(folder, `small.${part}.trio`), `trio ${part}`)
  const daemon = await Daemon.start({ program: trialProgram(folder) })
  const engine = makeStandIn(join(daemon.root, 'engine'))
  await daemon.must('POST', '/api/models', { path: join(folder, 'small.decoder.trio'), id: 'small' })
  for (const [name, mode] of [
    ['talk', 'chat'],
    ['ears', 'transcription'],
    ['mouth', 'speech'],
  ]) {
    await daemon.must('POST', '/api/slots', { name, mode, provider: 'trio', model: 'small', engine })
    await daemon.load(name)
  }

  const client = new OpenAI({ baseURL: `${daemon.url}/v1`, apiKey: 'any', maxRetries: 0 })
  const file = await toFile(Buffer.alloc(3_000_000, 7), 'words.wav')
  const heard = await client.audio.transcriptions.create({ model: 'ears', file, language: 'en' })
  expect(heard.text).toMatch(/^heard [0-9a-f]{64}$/)
  const sent = standInEventsOf(engine, 'request').filter(({ path }) => path === '/v1/audio/transcriptions')
  expect(sent.map(({ headers }) => headers['content-type'])).toEqual([
    expect.stringMatching(/^multipart\/form-data; boundary=/),
  ])
  const spoken = await client.audio.speech.create({ model: 'mouth', voice: 'warm', input: 'Hello' })
  expect(spoken.headers.get('content-type')).toBe('audio/mpeg')
  expect(new Uint8Array(await spoken.arrayBuffer())).toEqual(
    Uint8Array.from({ length: 100_000 }, (_, index) => index % 256),
  )
  for (const query of ['', '?model=mouth']) {
    expect(await daemon.must<unknown>('GET', `/v1/audio/voices${query}`)).toEqual({ voices: ['warm', 'plain'] })
  }

  const wrong = await daemon.call('POST', '/v1/audio/speech', { model: 'talk', input: 'Hello' })
  expect(errorOf(wrong)).toMatchObject({ code: 'request.unsupported', details: { slots: ['mouth'] } })
  const { data } = await daemon.must<OpenAiModelList>('GET', '/v1/models')
  expect(Object.fromEntries(data.map(({ id, capabilities }) => [id, capabilities]))).toMatchObject({
    ears: ['transcription'],
    mouth: ['speech'],
    talk: ['chat'],
  })
}, 60_000)
