/** `hal0 run` with a daemon that is there: what it asks of it, and what it refuses before it asks for anything. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Engine } from '../../../src/contract/engine.ts'
import type { Slot, SlotCreate } from '../../../src/contract/slot-config.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { catalogEntries } from '../../../src/models/catalog/catalog.ts'
import { sampleFit } from '../../support/fits.ts'
import { FakeApi } from '../support/fake-api.ts'
import { hal0 } from '../support/run-cli.ts'
import { model, slot } from '../support/samples.ts'

const engine: Engine = {
  id: 'llama.cpp-sample',
  provider: 'llama.cpp',
  source: 'path',
  version: null,
  path: '/opt/llama-server',
  default: true,
  installed_at: null,
}
const lazy = { config: { load: 'on-demand' } } as const

let slots: Slot[]
let engines: Engine[]
/** Answers the creation of a slot; null: it is made. */
let refusal: (() => Hal0Error | null) | null
let verdict: Parameters<typeof sampleFit>[0]

const api = new FakeApi(
  {
    listSlots: () => slots,
    listModels: () => [
      model('tiny'),
      model('here', { fit: sampleFit(verdict) }),
      model('vectors', { kind: 'embedding' }),
    ],
    readHubReference: () => ({ repo: null, revision: null, file: null, folder: null }),
    listEngines: () => engines,
    installEngine: () => {
      engines = [engine]
      return engine
    },
    listCatalog: () =>
      catalogEntries.map((entry) => ({
        ...entry,
        installed: false,
        pull: entry.provider === 'llama.cpp' ? { repo: 'a/b', file: 'c.gguf' } : null,
        fit: sampleFit(entry.parameters < 1e9 ? 'fits' : 'no'),
      })),
    createSlot: ({ body }) => {
      const refused = refusal?.() ?? null
      if (refused !== null) throw refused
      const { name, ...config } = body as SlotCreate
      slots = [...slots, slot(name, 'offline', { config })]
      return slots.at(-1) as Slot
    },
    loadSlot: ({ params }) => slot(params.name ?? '', 'ready'),
  },
  {
    'POST /v1/chat/completions': async (request) => {
      const { model: asked } = (await request.json()) as { model: string }
      const chunk = { choices: [{ delta: { content: `${asked} answers` }, finish_reason: 'stop' }] }
      return new Response(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`, {
        headers: { 'content-type': 'text/event-stream' },
      })
    },
  },
)
const { url } = api
afterAll(() => api[Symbol.dispose]())
beforeEach(() => {
  api.calls.length = 0
  slots = [slot('primary', 'ready', lazy)]
  engines = [engine]
  refusal = null
  verdict = 'fits'
})

const acts = () => api.calls.map(({ operation }) => operation).filter((name) => !name.startsWith('list'))
const run = (...args: string[]) => hal0(['run', ...args], { url })

describe('what is there is used', () => {
  test('a slot that is ready answers, and nothing is done for it', async () => {
    expect(await run('primary', 'Why?')).toEqual({ code: 0, stdout: 'primary answers\n', stderr: '' })
    expect(acts()).toEqual([])
  })

  test('a model that a slot has is asked there', async () => {
    expect((await run('tiny', 'Why?')).stdout).toBe('primary answers\n')
    expect(acts()).toEqual([])
  })

  test('a slot that loads only by a command is loaded: that is what the command is for', async () => {
    slots = [slot('primary', 'offline')]
    expect((await run('primary', 'Why?')).stdout).toBe('primary answers\n')
    expect(acts()).toEqual(['loadSlot'])
  })

  test('a slot that has failed says why, and is loaded again', async () => {
    slots = [slot('primary', 'error', { state: { error: new Hal0Error('slot.crashed', 'The backend died.').body() } })]
    const { code, stderr } = await run('primary', 'Why?')
    expect([code, acts()]).toEqual([0, ['loadSlot']])
    expect(stderr).toContain('Warning: primary has failed before: The backend died. It is loaded again.\n')
  })

  test('a model in no slot gets one that loads on demand, and no slot loses its model', async () => {
    const { stdout, stderr } = await run('here', 'Why?')
    expect(stdout).toBe('here answers\n')
    expect(stderr).toStartWith('Slot here is made for here')
    expect(api.calls.find(({ operation }) => operation === 'createSlot')?.body).toMatchObject({ load: 'on-demand' })
    expect(acts()).toEqual(['createSlot', 'loadSlot'])
  })

  test('an engine is installed where there is none', async () => {
    engines = []
    const { stderr } = await run('here', 'Why?')
    expect(acts()).toEqual(['installEngine', 'createSlot', 'loadSlot'])
    expect(stderr).toContain('llama.cpp-sample is installed.\n')
  })

  test('a slot that another command has just made for the same model is used', async () => {
    refusal = () => {
      refusal = null
      slots = [...slots, slot('here-2', 'warming', { config: { model: 'here' } })]
      return new Hal0Error('slot.exists', 'There is a slot here-2 already.')
    }
    expect((await run('here', 'Why?')).stdout).toBe('here-2 answers\n')
  })
})

describe('a refusal comes before anything is done', () => {
  const cases: [string[], number, string, string][] = [
    [['primry', 'Why?'], 4, 'There is no slot or model "primry"', 'Did you mean primary?'],
    [['nothing', 'Why?'], 4, 'A model of the hub is written OWNER/NAME.', 'Try: hal0 model search --catalog chat\n'],
    [['vectors', 'Why?'], 1, 'vectors makes embeddings; it cannot chat.', 'These can: primary, tiny, here'],
    [['kokoro-82m-v1.0', 'Why?'], 1, 'kokoro-82m-v1.0 turns text into speech; it cannot chat.', 'hal0 run primary'],
    [['qwen3-8b-q4_k_m', 'Why?'], 1, 'qwen3-8b-q4_k_m does not fit this machine: it needs about', '--anyway'],
    [['primary', ' '], 2, 'The prompt is empty.', 'hal0 run'],
    [['primary', 'Why?', '--port', '9000'], 2, '--port is for a daemon that has to be started', 'HAL0_URL'],
    [['primary', 'Why?', '--port', 'x'], 2, '--port', 'hal0 run'],
    [['primary', 'Why?', '--system', ''], 2, '--system takes a text.', 'hal0 run'],
    [['nonsense/', 'Why?'], 2, 'nonsense/', 'OWNER/NAME'],
  ]
  for (const [args, status, sentence, advice] of cases) {
    test(`of hal0 run ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await run(...args)
      expect([code, stdout, acts().filter((name) => name !== 'readHubReference')]).toEqual([status, '', []])
      expect(stderr).toContain(sentence)
      expect(stderr).toContain(advice)
    })
  }

  test('of a slot without a model, which needs no engine either', async () => {
    slots = [slot('primary', 'offline', { config: { model: null }, state: { model: null } })]
    engines = []
    const { code, stdout, stderr } = await run('primary', 'Why?')
    expect([code, stdout, acts()]).toEqual([1, '', []])
    expect(stderr).toContain('primary has no model.\nTry: hal0 slot swap primary --model MODEL')
  })

  test('what is tight is only warned of', async () => {
    verdict = 'tight'
    const { code, stderr } = await run('here', 'Why?')
    expect(code).toBe(0)
    expect(stderr).toContain('Warning: here is tight on this machine: it needs about')
  })
})
