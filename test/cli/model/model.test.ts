import { afterAll, expect, test } from 'bun:test'
import { resolve } from 'node:path'
import type { ModelVerification } from '../../../src/contract/models/model.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { sampleFit } from '../../support/fits.ts'
import { FakeApi } from '../support/fake-api.ts'
import { hal0 } from '../support/run-cli.ts'
import { acceptedPull, model } from '../support/samples.ts'

const verification = (id: string): ModelVerification => ({
  id,
  ok: id !== 'torn',
  files: [
    {
      path: `local--${id}/${id}.gguf`,
      ok: id !== 'torn',
      expected: 'a'.repeat(64),
      actual: id === 'torn' ? 'b'.repeat(64) : 'a'.repeat(64),
      problem: id === 'torn' ? 'The sum differs.' : null,
    },
  ],
})

const api = new FakeApi({
  listModels: () => [
    model('tiny', { fit: sampleFit('partial') }),
    model('torn', { parameters: null, quantization: null, context_length: null }),
  ],
  listPulls: () => [
    { ...acceptedPull('coming', { repo: 'acme/coming', file: 'coming.gguf' }), position: 2 },
    { ...acceptedPull('over', { repo: 'acme/over', file: 'over.gguf' }), phase: 'done' },
  ],
  showModel: ({ params }) => model(String(params.id), { fit: sampleFit('no') }),
  importModel: ({ body }) => model((body as { id?: string }).id ?? 'tiny'),
  deleteModel: ({ params }) => {
    if (params.id === 'tiny') throw new Hal0Error('model.in_use', 'tiny is in use by primary.')
    return undefined
  },
  verifyModel: ({ params }) => verification(String(params.id)),
})
afterAll(() => api[Symbol.dispose]())
const run = (...args: string[]) => hal0(['model', ...args], { url: api.url })

test('list shows what a model is, with a dash for what is unknown', async () => {
  const { code, stdout } = await run('list')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^tiny +chat +qwen2 +494M +Q4_K_M +32768 +491 MB +partly on the GPU$/m)
  expect(stdout).toMatch(/^torn +chat +qwen2 +- +- +- +491 MB +-$/m)
})

test('list shows the pulls under way too, and what one waits for', async () => {
  const { stdout } = await run('list')
  expect(stdout).toMatch(/^coming +waiting, 2 in the queue +- /m)
  expect(stdout).not.toContain('over')
})

test('list --json is what the API answered', async () => {
  expect(JSON.parse((await run('list', '--json')).stdout)[0].id).toBe('tiny')
})

test('show prints architecture, parameters, quantisation, context, fit and files', async () => {
  const { stdout } = await run('show', 'tiny')
  for (const line of [
    /^architecture +qwen2$/m,
    /^parameters +494M$/m,
    /^context +32768 tokens$/m,
    /^fit +too big: needs about 1\.00 GB, this machine has 500 MB free$/m,
    /tiny\.gguf +491 MB +a{64}/,
  ]) {
    expect(stdout).toMatch(line)
  }
})

test('import sends an absolute path', async () => {
  const { code, stdout, stderr } = await run('import', 'some/file.gguf', '--id', 'mine', '--link')
  expect(code).toBe(0)
  expect(api.calls.at(-1)?.body).toEqual({ path: resolve('some/file.gguf'), id: 'mine', link: true })
  expect(stdout).toBe('mine is registered (qwen2, Q4_K_M, 491 MB).\n')
  expect(stderr).toContain('hal0 slot create NAME --model mine')
})

test('an impossible id is wrong usage', async () => {
  expect((await run('import', 'a.gguf', '--id', '../x')).code).toBe(2)
})

test('verify of a sound model ends with 0', async () => {
  expect(await run('verify', 'tiny')).toEqual({ code: 0, stdout: 'tiny  local--tiny/tiny.gguf  ok\n', stderr: '' })
})

test('verify of all models ends with 1 when one has changed, and names it', async () => {
  const { code, stdout, stderr } = await run('verify')
  expect(code).toBe(1)
  expect(stdout).toBe('tiny  local--tiny/tiny.gguf  ok\ntorn  local--torn/torn.gguf  DIFFERS  The sum differs.\n')
  expect(stderr).toContain('hal0 model rm torn')
})

test('verify --json has every verdict', async () => {
  const { code, stdout } = await run('verify', '--json')
  expect(code).toBe(1)
  expect(JSON.parse(stdout).map(({ ok }: ModelVerification) => ok)).toEqual([true, false])
})

test('rm removes a model', async () => {
  expect(await run('rm', 'torn', '--json')).toMatchObject({
    code: 0,
    stdout: '{\n  "id": "torn",\n  "deleted": true\n}\n',
  })
})

test('rm of a model in use ends with 1 and says what to try', async () => {
  expect(await run('rm', 'tiny')).toMatchObject({
    code: 1,
    stderr: 'Error: tiny is in use by primary.\nTry: hal0 slot list\n',
  })
})
