/** Configuration files of slots that people write, change, break and remove while the daemon runs, or before it starts. */
import { describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Slot } from '../../src/contract/slot-config.ts'
import type { Finding } from '../../src/install/doctor/finding.ts'
import { type Daemon, errorOf, runHal0 } from '../support/daemon.ts'
import { makePipe } from '../support/make-pipe.ts'
import { SlotWatch } from '../support/slot-watch.ts'
import { daemonWithSlot, slotPath } from './fixture.ts'
import { slotName } from './life.ts'

const folderOf = (daemon: Daemon): string => join(daemon.root, 'etc/hal0/slots')
const fileOf = (daemon: Daemon, name: string = slotName): string => join(folderOf(daemon), `${name}.toml`)

/** As editors do it: another file, and a rename. */
const save = (path: string, text: string): void => {
  writeFileSync(`${path}~`, text)
  renameSync(`${path}~`, path)
}

const namesOf = async (daemon: Daemon): Promise<string[]> =>
  (await daemon.must<Slot[]>('GET', '/api/slots')).map(({ config }) => config.name)

const problemsOf = async (daemon: Daemon): Promise<string> => (await daemon.status()).problems.join('\n')

const untilGone = async (daemon: Daemon, name: string): Promise<void> => {
  const end = performance.now() + 10_000
  while ((await daemon.call('GET', `/api/slots/${name}`)).status !== 404) {
    if (performance.now() > end) throw new Error(`slot ${name} is still there`)
    await Bun.sleep(20)
  }
}

test('a file that is written while the daemon runs is a slot: listed, announced by an event, with a port', async () => {
  const daemon = await daemonWithSlot()
  const watch = await SlotWatch.open(daemon)
  save(fileOf(daemon, 'second'), '# mine\nmodel = "tiny"\n')
  await watch.untilState('offline', { name: 'second' })
  expect(await namesOf(daemon)).toEqual([slotName, 'second'])
  expect((await daemon.state('second')).state).toBe('offline')
  expect(await Bun.file(fileOf(daemon, 'second')).text()).toMatch(/^# mine\nmodel = "tiny"\n/)
  expect(errorOf(await daemon.call('POST', '/api/slots', { name: 'second' })).code).toBe('slot.exists')
})

test('a file that was written just now is a slot for the request that comes right after it', async () => {
  const daemon = await daemonWithSlot()
  for (let turn = 0; turn < 5; turn += 1) {
    const name = `new-${turn}`
    save(fileOf(daemon, name), 'model = "tiny"\n')
    expect(errorOf(await daemon.chat({ model: name })).code).toBe('slot.not_loaded')
  }
})

test('a model that is changed in the file is used by the next load, even by one that a request begins', async () => {
  const daemon = await daemonWithSlot()
  await daemon.must('PATCH', slotPath, { load: 'on-demand' })
  const text = await Bun.file(fileOf(daemon)).text()
  save(fileOf(daemon), text.replace('model = "tiny"', 'model = "other"'))
  expect(errorOf(await daemon.chat()).code).toBe('model.not_found')
  save(fileOf(daemon), text)
  expect((await daemon.chat()).status).toBe(200)
})

test('a file that is removed takes an offline slot with it, and leaves a loaded one running and reported', async () => {
  const daemon = await daemonWithSlot()
  await daemon.must('POST', '/api/slots', { name: 'second' })
  const pid = await daemon.load()
  for (const name of [slotName, 'second']) rmSync(fileOf(daemon, name))
  await untilGone(daemon, 'second')
  expect(await namesOf(daemon)).toEqual([slotName])
  expect((await daemon.chat()).status).toBe(200)
  expect(daemon.backends()).toContain(pid)
  expect(await problemsOf(daemon)).toContain(`configuration file of slot ${slotName} is gone`)
})

describe('before a start', () => {
  const cases: [string, (daemon: Daemon) => void, string][] = [
    [
      'the whole configuration folder is missing',
      (daemon) => rmSync(join(daemon.root, 'etc/hal0'), { recursive: true }),
      'is missing',
    ],
    ['the folder of the slots is empty', (daemon) => rmSync(fileOf(daemon)), 'has no configuration'],
    [
      'the folder of the slots is a file',
      (daemon) => {
        rmSync(folderOf(daemon), { recursive: true })
        writeFileSync(folderOf(daemon), '')
      },
      'ENOTDIR',
    ],
    ['the file is not TOML', (daemon) => writeFileSync(fileOf(daemon), 'model = ='), 'line 1'],
    [
      'an argument is not for the slot to set',
      (daemon) =>
        writeFileSync(fileOf(daemon), `${readFileSync(fileOf(daemon), 'utf8')}extra_args = ["--host", "0.0.0.0"]\n`),
      'extra_args may not set --host',
    ],
    ['a key has an unknown value', (daemon) => writeFileSync(fileOf(daemon), 'load = "often"'), 'load'],
    [
      'the file is a pipe',
      (daemon) => {
        rmSync(fileOf(daemon))
        makePipe(fileOf(daemon))
      },
      'a named pipe',
    ],
    [
      'the file is a folder',
      (daemon) => {
        rmSync(fileOf(daemon))
        mkdirSync(fileOf(daemon))
      },
      'a folder',
    ],
    [
      'the file is a link to itself',
      (daemon) => {
        rmSync(fileOf(daemon))
        symlinkSync(fileOf(daemon), fileOf(daemon))
      },
      'leads to itself',
    ],
  ]
  test.each(cases)('%s: the backend keeps serving, and the damage is reported', async (_, damage, words) => {
    const daemon = await daemonWithSlot()
    const pid = await daemon.load()
    await daemon.kill()
    damage(daemon)
    await daemon.launch()
    expect(await daemon.state()).toMatchObject({ state: 'ready', pid, model: 'tiny' })
    expect((await daemon.chat()).status).toBe(200)
    expect(await problemsOf(daemon)).toContain(words)
    expect((await daemon.command(slotName, 'unload')).body.state.state).toBe('offline')
    expect(daemon.backends()).not.toContain(pid)
  })
})

test('a file that cannot be used is told in the same words by status, slot show, slot edit and doctor, which names what mends it', async () => {
  const daemon = await daemonWithSlot()
  const hal0 = (...args: string[]) => runHal0(args, { env: daemon.env })
  const text = await Bun.file(fileOf(daemon)).text()
  save(fileOf(daemon), `load = "sometimes"\n${text}`)
  const sentence = `${fileOf(daemon)} is not valid: load must be one of`
  const told = (output: string) => expect(output.replaceAll(/\s+/g, ' ')).toContain(sentence)
  told((await hal0('slot', 'show', slotName)).stdout)
  told((await hal0('status')).stdout)

  const edited = await hal0('slot', 'edit', slotName, '--set', 'idle_timeout_s=30')
  expect([edited.code, edited.stdout]).toEqual([1, ''])
  told(edited.stderr)
  expect(edited.stderr).toContain('The file has the change (idle_timeout_s)')

  const found = JSON.parse((await hal0('doctor', '--json')).stdout) as Finding[]
  const [finding] = found.filter(({ id }) => id === 'slot-file')
  told(finding?.problem ?? '')
  const { code, stdout } = await hal0(...(finding?.command ?? '').split(' ').slice(1))
  expect([code, stdout]).toEqual([0, `${slotName}: load = "manual"\n`])
  expect(await problemsOf(daemon)).toBe('')
  expect(await daemon.must<Slot>('GET', slotPath)).not.toHaveProperty('problem')
})

test('a file that is no TOML is told by doctor while no daemon runs, too', async () => {
  const daemon = await daemonWithSlot()
  await daemon.kill('SIGTERM')
  save(fileOf(daemon), 'model = "tiny\n')
  const { stdout } = await runHal0(['doctor', '--json'], { env: daemon.env })
  const [finding] = (JSON.parse(stdout) as Finding[]).filter(({ id }) => id === 'slot-file')
  expect(finding).toMatchObject({ severity: 'error', command: null, advice: expect.stringContaining('hal0 slot rm') })
  expect(finding?.problem).toContain(fileOf(daemon))
})
