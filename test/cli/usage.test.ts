import { describe, expect, test } from 'bun:test'
import { hal0 } from './support/run-cli.ts'

const verbs = [
  ...['serve', 'status', 'chat', 'logs', 'pulls', 'rm', 'version', 'help', 'completion'],
  ...'list show create edit rm load unload restart swap ack cancel logs watch'.split(' ').map((verb) => `slot ${verb}`),
  ...'list show import verify rm assign'.split(' ').map((verb) => `model ${verb}`),
  ...'show get set check edit token'.split(' ').map((verb) => `config ${verb}`),
  ...'list install use rm'.split(' ').map((verb) => `engine ${verb}`),
]

describe('every command', () => {
  for (const verb of verbs) {
    test(`hal0 ${verb} explains itself, and refuses a flag it does not know`, async () => {
      const words = verb.split(' ')
      const help = await hal0([...words, '--help'])
      expect(help.code).toBe(0)
      expect(help.stderr).toBe('')
      expect(help.stdout).toContain(`hal0 ${verb}`)
      expect(help.stdout).toContain('Examples\n')
      // On an ordinary terminal an example is one line, which can be copied.
      expect(help.stdout.split('\n').filter((line) => line.startsWith('  hal0 ') && line.length > 80)).toEqual([])
      const unknown = await hal0([...words, '--frobnicate'])
      expect(unknown.code).toBe(2)
      expect(unknown.stdout).toBe('')
      expect(unknown.stderr).toContain("Unknown option '--frobnicate'")
      expect(unknown.stderr).toContain(`Usage: hal0 ${verb}`)
      expect(unknown.stderr).not.toContain('    at ')
    })
  }
})

test('hal0 alone lists its commands', async () => {
  const { code, stdout } = await hal0([])
  expect(code).toBe(0)
  for (const word of ['serve', 'slot', 'model', 'engine', 'chat', 'HAL0_URL', 'Exit status'])
    expect(stdout).toContain(word)
})

test.each(['slot', 'model', 'engine'])('hal0 %s ls is its list', async (group) => {
  const { code, stdout } = await hal0([group, 'ls', '--help'])
  expect(code).toBe(0)
  expect(stdout).toContain(`hal0 ${group} list [flags]`)
})

test('the commands of a group are listed', async () => {
  const { code, stdout } = await hal0(['slot', '--help'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ {2}load +Load the model of a slot/m)
})

describe('wrong usage ends with 2, one sentence and the usage', () => {
  const cases: [string, string[], string][] = [
    ['an unknown command', ['frobnicate'], "'frobnicate' is not a command of hal0."],
    ['an unknown command of a group', ['slot', 'frobnicate'], "'frobnicate' is not a command of hal0 slot."],
    ['the name of something every object has', ['constructor'], "'constructor' is not a command"],
    ['an unknown flag before the command', ['--frobnicate', 'status'], "'--frobnicate' is not a flag of hal0."],
    ['a missing argument', ['slot', 'load'], 'NAME'],
    ['a missing setting', ['config', 'set'], 'KEY=VALUE is missing.\nUsage: hal0 config set KEY=VALUE'],
    ['a missing flag', ['slot', 'create', 'a'], '--model'],
    ['a flag without its value', ['slot', 'logs', 'a', '--lines'], '--lines'],
    ['a flag given twice', ['serve', '--port', '1', '--port', '2'], '--port is given 2 times'],
    ['a word too many', ['slot', 'load', 'a', 'b'], "'b'"],
    ['a value on a switch', ['slot', 'list', '--json=yes'], '--json'],
    ['a number that is none', ['slot', 'logs', 'a', '-n', 'many'], "not 'many'"],
    ['a port that is none', ['serve', '--port', '65536'], '--port takes a whole number'],
    ['an unknown supervisor', ['serve', '--supervisor', 'cron'], 'auto, systemd, process'],
    ['an impossible slot name', ['slot', 'create', 'Bad Name', '--model', 'tiny'], '"Bad Name" cannot be the name'],
    ['an unknown key', ['slot', 'edit', 'a', '--set', 'colour=red'], 'The keys are: model, provider'],
    ['nothing to change', ['slot', 'edit', 'a'], 'nothing to change'],
    ['an engine there is none of', ['engine', 'install', 'vllm'], "not 'vllm'"],
    ['an unknown source', ['engine', 'install', 'llama.cpp', '--source', 'attic'], "not 'attic'"],
  ]
  for (const [what, args, words] of cases) {
    test(what, async () => {
      const { code, stdout, stderr } = await hal0(args)
      expect(code).toBe(2)
      expect(stdout).toBe('')
      expect(stderr).toContain(words)
      expect(stderr).toMatch(/^(Usage: hal0|Try: \S*hal0) /m)
      expect(stderr).not.toContain('    at ')
    })
  }
})

test('the version is the one of package.json', async () => {
  const { version } = (await Bun.file(`${import.meta.dir}/../../package.json`).json()) as { version: string }
  expect((await hal0(['version'])).stdout).toBe(`hal0 ${version}\n`)
  expect((await hal0(['--version'])).stdout).toBe(`hal0 ${version}\n`)
  expect(JSON.parse((await hal0(['version', '--json'])).stdout)).toEqual({ version })
})
