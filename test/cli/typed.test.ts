/** Commands in messages are spelled as they have to be typed where they are read. */
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { asTyped } from '../../src/cli/text/commands.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { tempDir } from '../support/temp-dir.ts'
import { FakeApi } from './support/fake-api.ts'
import { hal0, main } from './support/run-cli.ts'

const root = join(import.meta.dir, '../..')
const typed = { hal0: 'bin/hal0', installer: 'dist/hal0' }

describe('in a text', () => {
  const cases: [string, string, string][] = [
    ['every command is rewritten', 'Try hal0 chat, or hal0 run MODEL.', 'Try bin/hal0 chat, or bin/hal0 run MODEL.'],
    ['in quotes too', "'hal0 slot edit --help' says more.", "'bin/hal0 slot edit --help' says more."],
    ['setup is asked of the executable', 'Run: sudo hal0 setup', 'Run: sudo dist/hal0 setup'],
    [
      'the name in a sentence stays',
      'hal0 is stopping, and hal0 has no key.',
      'hal0 is stopping, and hal0 has no key.',
    ],
    ['a path stays', 'Run: /opt/hal0 serve', 'Run: /opt/hal0 serve'],
    [
      'the command line of a process stays',
      'Port 8080 is taken by "hal0 serve".',
      'Port 8080 is taken by "hal0 serve".',
    ],
    ['the unit stays', 'sudo systemctl start hal0', 'sudo systemctl start hal0'],
  ]
  for (const [what, text, expected] of cases) test(what, () => expect(asTyped(text, () => typed)).toBe(expected))

  test('a path that a shell would split is quoted', () => {
    expect(asTyped('hal0 ps', () => ({ ...typed, hal0: '/home/ann/my models/bin/hal0' }))).toBe(
      "'/home/ann/my models/bin/hal0' ps",
    )
  })
})

describe('in a checkout without hal0 on the PATH', () => {
  const run = async (cwd: string, args: string[], env: Record<string, string>) => {
    const child = Bun.spawn([process.execPath, main, ...args], {
      cwd,
      env: { PATH: '/usr/bin:/bin', HOME: tempDir(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    return { code, stdout, stderr }
  }

  test('a hint and a sentence of the daemon name bin/hal0, from elsewhere by its path', async () => {
    using api = new FakeApi({
      unloadSlot: () => {
        throw new Hal0Error('slot.invalid_transition', 'It failed. Acknowledge it: hal0 slot ack primary')
      },
    })
    const refused = ['slot', 'unload', 'primary', '--no-wait']
    expect((await run(root, refused, { HAL0_URL: api.url })).stderr).toContain(
      'Acknowledge it: bin/hal0 slot ack primary\n',
    )
    const elsewhere = await run('/', refused, { HAL0_URL: api.url })
    expect(elsewhere.stderr).toContain(`Acknowledge it: ${root}/bin/hal0 slot ack primary\n`)
  })

  test('hal0 update says how a checkout is updated', async () => {
    const there = await run(root, ['update'], { HAL0_ROOT: tempDir() })
    expect(there.code).toBe(1)
    expect(there.stderr).toStartWith(`Error: hal0 runs from a checkout here (${root}), which git updates.\n`)
    expect(there.stderr).toEndWith('Try: git pull\n     npm run build\n')
    const elsewhere = await run('/', ['update'], { HAL0_ROOT: tempDir() })
    expect(elsewhere.stderr).toEndWith(`Try: cd ${root}\n     git pull\n     npm run build\n`)
  })
})

test('two commands to try stand in two lines', async () => {
  using api = new FakeApi({ listSlots: () => [], listModels: () => [] })
  const { code, stderr } = await hal0(['rm', 'nothing'], { url: api.url })
  expect(code).toBe(4)
  expect(stderr).toEndWith('Try: hal0 slot list\n     hal0 model list\n')
})
