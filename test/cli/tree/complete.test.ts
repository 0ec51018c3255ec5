import { afterAll, describe, expect, test } from 'bun:test'
import { defineVerb, type Group } from '../../../src/cli/command.ts'
import { complete } from '../../../src/cli/tree/complete.ts'
import { helpVerb } from '../../../src/cli/tree/help-verb.ts'
import { FakeApi } from '../support/fake-api.ts'
import { model, slot } from '../support/samples.ts'

const api = new FakeApi({
  listSlots: () => [slot('primary', 'ready'), slot('embed', 'offline')],
  listModels: () => [model('qwen3-4b'), model('primary-model')],
})
const { HAL0_URL } = process.env
process.env.HAL0_URL = api.url
afterAll(() => {
  api[Symbol.dispose]()
  if (HAL0_URL === undefined) delete process.env.HAL0_URL
  else process.env.HAL0_URL = HAL0_URL
})

const load = defineVerb({
  about: 'Load.',
  examples: [],
  args: {
    name: { type: 'positional', required: true, completes: 'slot' },
    model: { type: 'string', alias: 'm', completes: 'model' },
    when: { type: 'string', completes: ['now', 'later'] },
    file: { type: 'string' },
    wait: { type: 'boolean', default: true },
  },
  run: async () => undefined,
})
const rm = defineVerb({
  about: 'Remove.',
  examples: [],
  args: { words: { type: 'positional', required: true, completes: 'slot or model' } },
  run: async () => undefined,
})
const slots: Group = { kind: 'group', about: '', commands: { load: async () => load }, aliases: { up: 'load' } }
const root: Group = {
  kind: 'group',
  about: '',
  commands: { slot: async () => slots, rm: async () => rm, help: async () => helpVerb(root) },
  aliases: { start: 'slot load' },
}

describe('what can follow', () => {
  test.each([
    ['', ['slot', 'rm', 'help', 'start']],
    ['s', ['slot', 'start']],
    ['--', ['--help']],
    ['slot ', ['load', 'up']],
    ['frobnicate ', []],
    ['slot load ', ['primary', 'embed']],
    ['slot up p', ['primary']],
    ['start e', ['embed']],
    // There is nothing more to say: no file is offered either.
    ['slot load primary ', []],
    ['slot load --wait ', ['primary', 'embed']],
    ['slot load -', ['--model', '--when', '--file', '--no-wait', '--json', '-m', '--help']],
    ['slot load --w', ['--when']],
    ['slot load primary --model ', ['qwen3-4b', 'primary-model']],
    ['slot load primary -m q', ['qwen3-4b']],
    ['slot load --when ', ['now', 'later']],
    ['slot load --when now ', ['primary', 'embed']],
    ['slot load --file ', null],
    ['slot load --when = ', []],
    ['slot load -- --', []],
    ['rm pri', ['primary', 'primary-model']],
    ['rm primary q', ['qwen3-4b']],
    ['help ', ['slot', 'rm', 'help', 'start']],
    ['help slot l', ['load']],
  ])('%j', async (line, words) => {
    expect(await complete(root, line.split(' '))).toEqual(words)
  })
})

test('a daemon that is not there has no names, and is no error', async () => {
  process.env.HAL0_URL = 'http://127.0.0.1:9'
  expect(await complete(root, ['slot', 'load', ''])).toEqual([])
  process.env.HAL0_URL = api.url
})
