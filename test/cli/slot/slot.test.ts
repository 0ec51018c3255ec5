import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import type { SlotPatch } from '../../../src/contract/slot-config.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { FakeApi } from '../support/fake-api.ts'
import { hal0 } from '../support/run-cli.ts'
import { model, slot } from '../support/samples.ts'

const known = (name: string | undefined): void => {
  if (name !== 'primary') throw new Hal0Error('slot.not_found', `There is no slot "${name}".`)
}

let refusal: Hal0Error | null = null
const api = new FakeApi({
  listSlots: () => [
    slot('primary', 'ready'),
    slot('embed', 'error', { state: { error: new Hal0Error('slot.crashed', 'It crashed.').body() } }),
  ],
  showSlot: ({ params }) => {
    known(params.name)
    const found = slot('primary', 'ready', {
      config: { aliases: ['a', 'b'], extra_args: ['-t', '4', '--x', 'a b'] },
      state: { reason: 'passed its probe' },
    })
    // As of a provider whose section this command line does not know.
    return { ...found, config: { ...found.config, speech: { voice: 'warm', speeds: [1, 2] } } }
  },
  listModels: () => [model('tiny')],
  createSlot: ({ body }) => slot('fresh', 'offline', { config: body as SlotPatch }),
  editSlot: ({ body }) => slot('primary', 'ready', { config: body as SlotPatch }),
  deleteSlot: ({ params }) => {
    known(params.name)
    return undefined
  },
  acknowledgeSlot: () => slot('primary', 'offline'),
  loadSlot: ({ query }) => {
    if (refusal !== null) throw refusal
    return slot('primary', query.wait === undefined ? 'starting' : 'ready')
  },
  unloadSlot: () => slot('primary', 'offline'),
  restartSlot: () => slot('primary', 'ready'),
  swapSlot: ({ body }) => slot('primary', 'ready', { state: body as object }),
  cancelSlot: () => slot('primary', 'offline'),
})
const { url } = api
beforeEach(() => {
  api.calls.length = 0
  refusal = null
})
afterAll(() => api[Symbol.dispose]())

const run = (...args: string[]) => hal0(['slot', ...args], { url })
const lastCall = () => api.calls.at(-1)

test('list is an aligned table without colours in a pipe', async () => {
  const { code, stdout, stderr } = await run('list')
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'What went wrong is shown by: hal0 slot show embed\n' })
  const [heading, first, second] = stdout.split('\n') as [string, string, string]
  for (const column of ['STATE', 'MODEL', 'LOAD']) expect(heading).toContain(column)
  expect(first.indexOf('ready')).toBe(heading.indexOf('STATE'))
  expect(second.indexOf('error')).toBe(heading.indexOf('STATE'))
  expect(stdout).not.toContain('\x1b')
})

test('list shows since when, and the code of an error', async () => {
  const { stdout } = await run('list')
  expect(stdout).toMatch(/^primary +ready +\d+ d ago +tiny +manual +8081 +4711 *$/m)
  expect(stdout).toMatch(/^embed +error +\d+ d ago +tiny +manual +8081 +4711 +slot\.crashed$/m)
})

const failed = (details: Record<string, unknown>) =>
  slot('embed', 'error', { state: { error: new Hal0Error('slot.crashed', 'It crashed.', { details }).body() } })

test.each([
  ['as the error has them', { last_lines: ['out of luck'] }],
  ['from its log, if the error has none', {}],
])(
  'show of a slot that has failed says why, what to try, and the last lines of its backend: %s',
  async (_, details) => {
    using broken = new FakeApi({ showSlot: () => failed(details), slotLogs: () => ['out of luck'] })
    const { code, stdout } = await hal0(['slot', 'show', 'embed'], { url: broken.url })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^error +It crashed\.\ncode +slot\.crashed\ntry +hal0 slot logs embed$/m)
    expect(stdout).toContain('\nThe backend printed last:\n  out of luck\n')
  },
)

test('list --json is what the API answered', async () => {
  expect(JSON.parse((await run('list', '--json')).stdout)).toHaveLength(2)
})

test('show prints state, reason and configuration', async () => {
  const { stdout } = await run('show', 'primary')
  for (const line of [
    /^state +ready$/m,
    /^reason +passed its probe$/m,
    /^aliases +a, b$/m,
    /^context_size +-$/m,
    /^extra_args +-t 4 --x 'a b'$/m,
  ]) {
    expect(stdout).toMatch(line)
  }
})

test('show prints the section of a provider key by key', async () => {
  const { stdout } = await run('show', 'primary')
  for (const line of [/^speech\.voice +warm$/m, /^speech\.speeds +1, 2$/m]) expect(stdout).toMatch(line)
})

test('an unknown slot ends with 4, the message, and what to try', async () => {
  const { code, stdout, stderr } = await run('show', 'other')
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
  expect(stderr).toBe('Error: There is no slot "other".\nTry: hal0 slot list\n')
})

for (const name of ['..', '../../etc', 'UPPER', '']) {
  test(`a name like ${JSON.stringify(name)} never becomes a request`, async () => {
    expect((await run('delete', name)).code).toBe(4)
    expect(api.calls).toEqual([])
  })
}

test('a refusal with --json is the envelope on stderr', async () => {
  const { stdout, stderr } = await run('show', 'other', '--json')
  expect(stdout).toBe('')
  expect(JSON.parse(stderr).error.code).toBe('slot.not_found')
})

test('create sends flags and settings as the types of the contract', async () => {
  const { code, stdout } = await run(
    ...'create fresh --model tiny --load on-demand --provider llama.cpp'.split(' '),
    ...'--set context_size=4096 --set aliases=x,y --set sentinel=false'.split(' '),
  )
  expect(code).toBe(0)
  expect(stdout).toBe('fresh is created, on port 8081.\n')
  expect(lastCall()?.body).toEqual({
    name: 'fresh',
    model: 'tiny',
    load: 'on-demand',
    provider: 'llama.cpp',
    context_size: 4096,
    aliases: ['x', 'y'],
    sentinel: false,
  })
})

test('edit sets and unsets keys, and says when a running backend will use them', async () => {
  const { stdout, stderr } = await run(
    'edit',
    'primary',
    '--set',
    'parallel=2',
    '--unset',
    'idle_timeout_s',
    '--unset',
    'mode',
  )
  expect(lastCall()?.body).toEqual({ parallel: 2, idle_timeout_s: 300, mode: null })
  expect(stdout).toBe('primary: parallel = 2, idle_timeout_s = 300, mode = null\n')
  expect(stderr).toContain('hal0 slot restart primary')
})

test('edit takes arguments as a shell does, and prints them so', async () => {
  const { stdout } = await run('edit', 'primary', '--set', 'extra_args=-t 4 --x "a b"')
  expect(lastCall()?.body).toEqual({ extra_args: ['-t', '4', '--x', 'a b'] })
  expect(stdout).toBe("primary: extra_args = -t 4 --x 'a b'\n")
})

test('delete does not ask if nobody can answer', async () => {
  expect(await run('delete', 'primary')).toEqual({ code: 0, stdout: 'primary is removed.\n', stderr: '' })
})

test('ack prints the state of the slot', async () => {
  expect((await run('ack', 'primary')).stdout).toBe('primary is offline.\n')
})

describe('commands that take time', () => {
  for (const [args, operation, result] of [
    [['load', 'primary'], 'loadSlot', 'primary is ready with tiny.\n'],
    [['unload', 'primary'], 'unloadSlot', 'primary is offline.\n'],
    [['restart', 'primary'], 'restartSlot', 'primary is ready with tiny.\n'],
    [['swap', 'primary', '--model', 'other'], 'swapSlot', 'primary is ready with other.\n'],
    [['cancel', 'primary'], 'cancelSlot', 'primary is offline.\n'],
  ] as const) {
    test(`${args[0]} waits for the outcome and prints it`, async () => {
      expect(await run(...args)).toEqual({ code: 0, stdout: result, stderr: '' })
      expect(lastCall()).toMatchObject({ operation, query: { wait: '86400' } })
    })
  }

  test('swap sends the model', async () => {
    await run('swap', 'primary', '--model', 'other')
    expect(lastCall()?.body).toEqual({ model: 'other' })
  })

  test('--no-wait returns once the command is accepted', async () => {
    expect((await run('load', 'primary', '--no-wait')).stdout).toBe('primary is starting with tiny.\n')
    expect(lastCall()?.query).toEqual({})
  })

  test('--json prints the slot', async () => {
    expect(JSON.parse((await run('load', 'primary', '--json')).stdout).state.state).toBe('ready')
  })

  test('a failed load shows its message, the last lines of the backend, and what to try', async () => {
    refusal = new Hal0Error('slot.crashed', 'The backend of primary exited with code 1.', {
      details: { last_lines: ['loading…', 'error: \x1b[31mbad magic'] },
    })
    const { code, stdout, stderr } = await run('load', 'primary')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      'Error: The backend of primary exited with code 1.\n  The backend printed last:\n    loading…\n    error: bad magic\nTry: hal0 slot logs primary\n',
    )
  })

  test('a message that names a command needs no other advice', async () => {
    refusal = new Hal0Error('slot.crashed', 'It crashed. More: hal0 slot logs primary')
    expect((await run('load', 'primary')).stderr).toBe('Error: It crashed. More: hal0 slot logs primary\n')
  })

  test('an error with a code that this version does not know is shown as well', async () => {
    refusal = Object.assign(new Hal0Error('internal', 'The moon is full.'), { code: 'moon.full' })
    // Not in the table of codes, as it would be for an older version.
    refusal.body = () => ({ message: 'The moon is full.', type: 'x', param: null, code: 'moon.full', details: {} })
    expect(await run('load', 'primary')).toMatchObject({ code: 1, stderr: 'Error: The moon is full.\n' })
  })
})
