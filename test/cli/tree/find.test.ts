import { describe, expect, test } from 'bun:test'
import { defineVerb, type Group, type Verb } from '../../../src/cli/command.ts'
import { Failure } from '../../../src/cli/terminal/failure.ts'
import { findCommand } from '../../../src/cli/tree/find.ts'
import { commandHelp } from '../../../src/cli/tree/help.ts'

const verb = (about: string): Verb =>
  defineVerb({
    about,
    examples: ['hal0 …'],
    args: {
      name: { type: 'positional', required: false },
      follow: { type: 'boolean', alias: 'f', description: 'Go on' },
    },
    run: async () => undefined,
  })

const slot: Group = {
  kind: 'group',
  about: 'Slots.',
  commands: { list: async () => verb('List.'), load: async () => verb('Load.'), rm: async () => verb('Remove.') },
  aliases: { delete: 'rm', remove: 'rm' },
}
const model: Group = { kind: 'group', about: 'Models.', commands: { list: async () => verb('List models.') } }
const root: Group = {
  kind: 'group',
  about: 'All.',
  more: 'The end.',
  commands: { slot: async () => slot, model: async () => model, status: async () => verb('Status.') },
  aliases: { ps: 'slot list' },
}

const find = (line: string) => findCommand(root, line === '' ? [] : line.split(' '))
const refused = async (line: string): Promise<string> => {
  const error = await find(line).catch((thrown: unknown) => thrown)
  if (!(error instanceof Failure)) throw new Error(`${line} was found`)
  expect(error.exitCode).toBe(2)
  return error.message
}

describe('a command is found by its words', () => {
  test.each([
    ['', 'hal0', [], []],
    ['slot', 'hal0 slot', [], []],
    ['slot --help', 'hal0 slot', ['--help'], []],
    ['slot load a --json', 'hal0 slot load', ['a', '--json'], []],
    ['ps --json', 'hal0 slot list', ['--json'], ['hal0 ps']],
    ['slot list', 'hal0 slot list', [], ['hal0 ps']],
    ['slot delete a', 'hal0 slot rm', ['a'], ['hal0 slot delete', 'hal0 slot remove']],
  ])('%s', async (line, path, rest, aliases) => {
    expect(await find(line)).toMatchObject({ path, rest, aliases })
  })
})

describe('an unknown command names near ones', () => {
  test.each([
    ['slto', "'slto' is not a command of hal0. Did you mean hal0 slot?"],
    ['slot lod a', "'lod' is not a command of hal0 slot. Did you mean hal0 slot load?"],
    ['slot delte a', "'delte' is not a command of hal0 slot. Did you mean hal0 slot delete?"],
    ['load a', "'load' is not a command of hal0. Did you mean hal0 slot load?"],
    ['list', "'list' is not a command of hal0. Did you mean hal0 slot list or hal0 model list?"],
    ['frobnicate', "'frobnicate' is not a command of hal0."],
    ['constructor', "'constructor' is not a command of hal0."],
    ['--frobnicate', "'--frobnicate' is not a flag of hal0."],
  ])('%s', async (line, message) => {
    expect(await refused(line)).toBe(message)
  })
})

describe('help', () => {
  const help = async (line: string) => commandHelp(process.stdout, await find(line))

  test('of a command has its other words', async () => {
    expect(await help('slot rm')).toContain('Also\n  hal0 slot delete\n  hal0 slot remove\n')
    expect(await help('slot load')).not.toContain('Also')
  })

  test('of a group shows each command once, with its aliases', async () => {
    const text = await help('slot')
    expect(text).toContain('  rm, delete, remove  Remove.\n')
    expect(text).not.toContain('Short forms')
  })

  test('of the program has the short forms of commands further down, and ends with what the program adds', async () => {
    const text = await help('')
    expect(text).toContain('Short forms\n  ps  hal0 slot list\n')
    expect(text).toEndWith('The end.')
  })
})
