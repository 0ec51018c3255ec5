/** The plan of a user's own installation, on real folders and with a fake systemd. */
import { describe, expect, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { systemLayout, userLayout } from '../../src/install/layout.ts'
import { noPolkit, setupPlan, setupWarnings } from '../../src/install/setup-plan.ts'
import { applyAll, findPending } from '../../src/install/step.ts'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { tempDir } from '../support/temp-dir.ts'
import { FakePrograms, FakeSystemd } from './fakes.ts'

const quiet = { begins() {}, warns() {} }

const house = () => {
  const root = tempDir()
  const home = join(root, 'home/ann')
  const executable = join(root, 'download')
  mkdirSync(home, { recursive: true })
  writeFileSync(executable, 'the executable')
  const layout = userLayout({ name: 'ann', uid: 1000, home }, root)
  const programs = new FakePrograms({
    loginctl: () => {
      mkdirSync(join(root, 'var/lib/systemd/linger'), { recursive: true })
      writeFileSync(layout.lingerMark, '')
      return { code: 0, stdout: '', stderr: '' }
    },
  })
  const systemctl = new FakeSystemd()
  let waits = 0
  const healthy = async () => {
    waits += 1
  }
  const plan = (version = '1.0.0') =>
    setupPlan(layout, { programs, systemctl, version, executable, healthy, port: null, startSlots: async () => {} })
  return { root, home, layout, executable, programs, systemctl, plan, waits: () => waits }
}

/** Every name below a folder with the time of its last change. */
const snapshot = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => `${name} ${lstatSync(join(folder, name)).mtimeMs} ${lstatSync(join(folder, name)).ino}`)

test('examining the plan changes nothing and starts nothing', async () => {
  const { root, plan, programs, systemctl } = house()
  const before = snapshot(root)
  const pending = await findPending(plan())
  expect(pending.map(({ step: { id } }) => id)).toEqual([
    'folders',
    'program',
    'current',
    'command',
    'slot-unit',
    'unit',
    'lingering',
    'service',
  ])
  expect(snapshot(root)).toEqual(before)
  expect([...programs.asked, ...systemctl.asked]).toEqual([])
})

test('what was planned is carried out: executable, links, units, service', async () => {
  const { home, plan, systemctl, waits } = house()
  await applyAll(await findPending(plan()), quiet)
  const program = join(home, '.local/lib/hal0/1.0.0/hal0')
  expect(readFileSync(program, 'utf8')).toBe('the executable')
  expect(lstatSync(program).mode & 0o777).toBe(0o755)
  expect(readlinkSync(join(home, '.local/lib/hal0/current'))).toBe('1.0.0')
  expect(readFileSync(join(home, '.local/bin/hal0'), 'utf8')).toBe('the executable')
  expect(readdirSync(join(home, '.config/systemd/user')).sort()).toEqual(['hal0-slot@.service', 'hal0.service'])
  expect(systemctl.asked).toEqual(['daemon-reload', 'enable hal0.service', 'restart hal0.service'])
  expect(waits()).toBe(1)
})

test('a second time there is nothing to do, and no file is written again', async () => {
  const { root, plan } = house()
  await applyAll(await findPending(plan()), quiet)
  const before = snapshot(root)
  expect(await findPending(plan())).toEqual([])
  expect(snapshot(root)).toEqual(before)
})

test('a changed unit is the only one fixed, and systemd is told to reload', async () => {
  const { layout, plan, systemctl } = house()
  await applyAll(await findPending(plan()), quiet)
  writeFileSync(join(layout.unitDir, 'hal0.service'), '[Service]\nExecStart=/bin/false\n')
  const pending = await findPending(plan())
  expect(pending.map(({ step: { id } }) => id)).toEqual(['unit', 'service'])
  systemctl.asked.length = 0
  await applyAll(pending, quiet)
  expect(systemctl.asked).toContain('daemon-reload')
  expect(await findPending(plan())).toEqual([])
})

test('another version is added beside the old one, and current leads to it', async () => {
  const { home, executable, plan } = house()
  await applyAll(await findPending(plan('1.0.0')), quiet)
  writeFileSync(executable, 'a newer executable')
  const pending = await findPending(plan('1.1.0'))
  expect(pending.flatMap(({ changes }) => changes)).toContain(
    `point ${join(home, '.local/lib/hal0/current')} to 1.1.0 instead of 1.0.0`,
  )
  await applyAll(pending, quiet)
  expect(readdirSync(join(home, '.local/lib/hal0')).sort()).toEqual(['1.0.0', '1.1.0', 'current'])
  expect(readFileSync(join(home, '.local/bin/hal0'), 'utf8')).toBe('a newer executable')
})

test('existing configuration and data stay as they are', async () => {
  const { home, plan } = house()
  const config = join(home, '.config/hal0')
  mkdirSync(config, { recursive: true })
  writeFileSync(join(config, 'hal0.toml'), '# mine\nport = 9000\n')
  await applyAll(await findPending(plan()), quiet)
  expect(readFileSync(join(config, 'hal0.toml'), 'utf8')).toBe('# mine\nport = 9000\n')
})

describe('the command that people type', () => {
  test('does not replace somebody else’s file', async () => {
    const { home, plan } = house()
    mkdirSync(join(home, '.local/bin'), { recursive: true })
    writeFileSync(join(home, '.local/bin/hal0'), 'a script of mine')
    const refusal = await findPending(plan()).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(Hal0Error)
    expect((refusal as Hal0Error).code).toBe('install.refused')
    expect(readFileSync(join(home, '.local/bin/hal0'), 'utf8')).toBe('a script of mine')
  })

  test('replaces a link that leads elsewhere, and says so', async () => {
    const { home, plan, executable } = house()
    mkdirSync(join(home, '.local/bin'), { recursive: true })
    symlinkSync(executable, join(home, '.local/bin/hal0'))
    const pending = await findPending(plan())
    expect(pending.flatMap(({ changes }) => changes)).toContain(
      `point ${join(home, '.local/bin/hal0')} to hal0 instead of ${executable}`,
    )
  })
})

test('if lingering cannot be enabled, the rest is set up, and the user is told how to enable it', async () => {
  const { layout, plan, programs } = house()
  const refusing = async (name: string, args: readonly string[]): Promise<string> => {
    throw new Hal0Error('install.failed', `"${[name, ...args].join(' ')}" failed (Access denied).`)
  }
  programs.run = refusing
  const warned: string[] = []
  await applyAll(await findPending(plan()), { begins() {}, warns: (sentence) => warned.push(sentence) })
  expect(warned).toHaveLength(1)
  expect(warned[0]).toContain('sudo loginctl enable-linger ann')
  expect(existsSync(layout.command)).toBe(true)
  expect((await findPending(plan())).map(({ step: { id } }) => id)).toEqual(['lingering'])
})

test('a step that has no effect ends the setup with what is left to do', async () => {
  const step = { id: 'stubborn', changes: async () => ['make /a'], apply: async () => {} }
  const failure = await applyAll(await findPending([step]), quiet).catch((error: unknown) => error)
  expect((failure as Hal0Error).code).toBe('install.failed')
  expect((failure as Hal0Error).message).toContain('make /a')
})

test('a system without polkit leads to a warning that says what this means', () => {
  const root = tempDir()
  expect(setupWarnings(systemLayout(root))).toEqual([noPolkit])
  mkdirSync(join(root, 'etc/polkit-1/rules.d'), { recursive: true })
  mkdirSync(join(root, 'usr/lib/polkit-1'), { recursive: true })
  writeFileSync(join(root, 'usr/lib/polkit-1/polkitd'), '')
  expect(setupWarnings(systemLayout(root))).toEqual([])
})
