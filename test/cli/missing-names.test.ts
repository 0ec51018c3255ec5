/** Errors about what does not exist name what may have been meant, and come before anything is done. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import type { SlotPatch } from '../../src/contract/slot-config.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { FakeApi } from './support/fake-api.ts'
import { hal0 } from './support/run-cli.ts'
import { model, slot } from './support/samples.ts'

const missing = (kind: 'slot' | 'model', name: string | undefined): Hal0Error =>
  new Hal0Error(`${kind}.not_found`, `There is no ${kind} "${name}".`)

let hangs: Promise<void> | null = null
const api = new FakeApi({
  listSlots: async () => {
    await hangs
    return [slot('primary', 'ready'), slot('both', 'offline')]
  },
  showSlot: ({ params }) => {
    throw missing('slot', params.name)
  },
  loadSlot: ({ params }) => {
    throw missing('slot', params.name)
  },
  deleteSlot: () => undefined,
  createSlot: ({ body }) => slot('fresh', 'offline', { config: body as SlotPatch }),
  editSlot: ({ body }) => slot('primary', 'ready', { config: body as SlotPatch }),
  listModels: () => [model('qwen3-4b-q4_k_m'), model('both')],
  showModel: ({ params }) => {
    throw missing('model', params.id)
  },
  deleteModel: ({ params }) => {
    if (params.id === 'gone') throw missing('model', params.id)
    return undefined
  },
  listCatalog: () => [],
  listPulls: () => [],
})
afterAll(() => api[Symbol.dispose]())
beforeEach(() => {
  api.calls.length = 0
  hangs = null
})
const run = (line: string) => hal0(line.split(' '), { url: api.url })
const changes = () => api.calls.map(({ operation }) => operation).filter((name) => !/^(list|show)/.test(name))

describe('a name that does not exist ends with 4 and names near ones', () => {
  test.each([
    ['slot show primay', 'There is no slot "primay". Did you mean primary?'],
    ['slot load prmary --no-wait', 'There is no slot "prmary". Did you mean primary?'],
    ['slot show zebra', 'There is no slot "zebra".\n'],
    ['model show qwen3', 'There is no model "qwen3". Did you mean qwen3-4b-q4_k_m?'],
    ['slot create fresh --model qwen3-4b-q4_km', 'Nothing was changed. Did you mean qwen3-4b-q4_k_m?'],
    [
      'slot create fresh --model nope',
      'There is no model nope, neither here nor in the catalog. Nothing was changed.\n',
    ],
    ['slot edit primary --set model=qwen3', 'Nothing was changed. Did you mean qwen3-4b-q4_k_m?'],
    ['model assign qwen3 --slot primary', 'Nothing was changed. Did you mean qwen3-4b-q4_k_m?'],
    ['rm primay', 'There is neither a slot nor a model named primay. Did you mean primary?'],
  ])('%s', async (line, words) => {
    const { code, stdout, stderr } = await run(line)
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toContain(words)
    expect(changes().filter((name) => name !== 'loadSlot')).toEqual([])
  })
})

test('a daemon that does not list the names at once only costs the suggestion', async () => {
  const never = Promise.withResolvers<void>()
  hangs = never.promise
  const { code, stderr } = await run('slot show primay')
  never.resolve()
  expect(code).toBe(4)
  expect(stderr).toBe('Error: There is no slot "primay".\nTry: hal0 slot list\n')
})

describe('rm', () => {
  test('removes a slot or a model, whichever has the name', async () => {
    expect(await run('rm primary')).toMatchObject({ code: 0, stdout: 'primary is removed.\n' })
    expect(changes()).toEqual(['deleteSlot'])
    expect(await run('rm qwen3-4b-q4_k_m --json')).toMatchObject({ code: 0 })
    expect(changes()).toEqual(['deleteSlot', 'deleteModel'])
  })

  test('removes nothing when the name is a slot and a model, and says the two commands', async () => {
    const { code, stderr } = await run('rm both --force')
    expect(code).toBe(2)
    expect(stderr).toContain('hal0 slot rm both or hal0 model rm both')
    expect(changes()).toEqual([])
  })

  test('--force makes what does not exist no error', async () => {
    const nothing = { code: 0, stdout: '', stderr: 'There is no gone: nothing was removed.\n' }
    expect(await run('rm gone -f')).toEqual(nothing)
    expect(await run('model rm gone --force')).toEqual(nothing)
    expect(JSON.parse((await run('model rm gone --force --json')).stdout)).toEqual({ id: 'gone', deleted: false })
    expect((await run('model rm gone')).code).toBe(4)
  })
})

test('model assign gives the model to the slot, and says how it is loaded', async () => {
  const { code, stdout, stderr } = await run('model assign qwen3-4b-q4_k_m --slot primary')
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'primary has qwen3-4b-q4_k_m from its next load on.\n' })
  expect(stderr).toBe('Load it with: hal0 slot restart primary\n')
  expect(api.calls.at(-1)).toMatchObject({ operation: 'editSlot', body: { model: 'qwen3-4b-q4_k_m' } })
})
