/** A token, a client's key and a prompt that may be nowhere afterwards: whatever a run leaves is searched for them. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pull } from '../../src/contract/models/pull.ts'
import { smallModel } from '../models/gguf/gguf-bytes.ts'
import { Daemon, runHal0 } from '../support/daemon.ts'
import { FakeHub } from '../support/fake-hub/fake-hub.ts'
import { makeStandIn } from '../support/stand-in-llama.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tinyModel } from '../support/tiny-model.ts'

setDefaultTimeout(60_000)

const token = `hf_${'CANARYtoken'.repeat(3)}`
const key = `hal0_CANARYkey-${'k'.repeat(33)}`
const prompt = 'CANARYprompt of a private letter'
const anyOfThem = 'CANARY'

/** Files below `folder` that contain one of the texts. */
const having = (folder: string, texts: readonly string[]): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name))
    .filter((path) => {
      const bytes = readFileSync(path)
      return texts.some((text) => bytes.includes(text))
    })

test('a run of daemon, slot, pull and chat leaves no token, key or prompt in files, logs, events or answers', async () => {
  const content = smallModel()
  const hub = await FakeHub.start({
    repos: [
      { id: 'acme/private-GGUF', files: [{ path: 'a.gguf', content }], private: true, readers: [token] },
      { id: 'acme/closed-GGUF', files: [{ path: 'b.gguf', content }], gated: 'manual' },
    ],
  })
  onTestFinished(() => hub.stop())
  const daemon = await Daemon.start({
    env: {
      HF_ENDPOINT: hub.url,
      HF_TOKEN: token,
      HOME: '/nonexistent',
      HF_HOME: '/nonexistent',
      NO_PROXY: '127.0.0.1',
    },
  })
  const ended = async (id: string): Promise<string> => {
    for (const end = performance.now() + 30_000; performance.now() < end; await Bun.sleep(20)) {
      const { phase } = await daemon.must<Pull>('GET', `/api/models/${id}/pull`)
      if (['done', 'failed'].includes(phase)) return phase
    }
    throw new Error(`the pull of ${id} stands still`)
  }
  await daemon.must('POST', '/api/models/a/pull', { repo: 'acme/private-GGUF', file: 'a.gguf' })
  expect(await ended('a')).toBe('done')
  await daemon.must('POST', '/api/models/b/pull', { repo: 'acme/closed-GGUF', file: 'b.gguf' })
  expect(await ended('b')).toBe('failed')
  // The hub did get the token.
  expect(hub.log.some(({ headers }) => headers.get('authorization') === `Bearer ${token}`)).toBe(true)

  const engine = makeStandIn(join(tempDir(), 'engine'), { die_after_tokens: 3 })
  await daemon.addSlot(await tinyModel('chat'), { name: 'primary', model: 'tiny', engine })
  const pid = await daemon.load()
  for (const file of ['environ', 'cmdline']) {
    const text = readFileSync(`/proc/${pid}/${file}`, 'latin1')
    expect([file, text.includes('CANARY')]).toEqual([file, false])
  }
  const messages = [{ role: 'user', content: prompt }]
  const headers = { authorization: `Bearer ${key}`, 'x-api-key': key, cookie: `session=${key}` }
  await daemon.chat({ messages, max_tokens: 2 }, { headers })
  await daemon.chat({ messages, max_tokens: 9 }, { headers })
  await daemon.chat({ messages, model: 'nobody' }, { headers })
  await daemon.call('POST', '/v1/chat/completions', `{"model":"primary","messages":"${prompt}`, { headers })
  const shown = await Promise.all(
    [
      '/api/logs/decisions',
      '/api/why?slot=primary',
      '/api/slots',
      '/api/slots/primary/logs',
      '/api/pulls',
      '/api/settings',
      '/api/status',
      '/metrics',
    ].map((path) => daemon.call('GET', path)),
  )
  const said = await runHal0(['status'], { env: daemon.env })
  expect(JSON.stringify([shown.map(({ body }) => body), said])).not.toContain('CANARY')
  await daemon.kill('SIGTERM')
  expect(having(daemon.root, [anyOfThem])).toEqual([])
  // What the run does leave is found.
  expect(having(daemon.root, ['acme/private-GGUF']).length).toBeGreaterThan(0)
  expect(daemon.stderr).not.toContain('CANARY')
})
