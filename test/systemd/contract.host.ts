/**
 * The supervisor's contract with real units. Runs inside a test host (systemd.test.ts starts it there), as root with the host's
 * manager or as a user with its own. The unit is the user's template, without the sandbox of the system's: the contract's programs
 * lie in the tests' own folders.
 */

import { expect, test } from 'bun:test'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPaths, type Paths } from '../../src/system/paths.ts'
import { runningProcesses } from '../../src/system/proc/stat.ts'
import type { LogEntry } from '../../src/system/supervisor.ts'
import { SystemdSupervisor } from '../../src/system/systemd/systemd-supervisor.ts'
import { makeSystemctl, type Scope } from '../../src/system/systemd/unit/systemctl.ts'
import { until } from '../support/until.ts'
import { exitProbe, runs, shell } from '../system/programs.ts'
import { supervisorContract } from '../system/supervisor-contract.ts'

const root = join(import.meta.dir, '../..')
const isRoot = process.getuid?.() === 0
const scope: Scope = isRoot ? 'system' : 'user'
const paths = findPaths({ ...process.env, HAL0_ROOT: undefined }, isRoot)
const systemctl = makeSystemctl(scope)

const install = async ({ lib }: Paths): Promise<void> => {
  mkdirSync(join(lib, '0.0.0'), { recursive: true })
  rmSync(join(lib, 'current'), { force: true })
  symlinkSync(join(root, 'dist'), join(lib, 'current'))
  const units = isRoot ? '/etc/systemd/system' : join(process.env.HOME ?? '', '.config/systemd/user')
  mkdirSync(units, { recursive: true })
  const template = readFileSync(join(root, 'systemd/user/hal0-slot@.service'), 'utf8')
  writeFileSync(
    join(units, 'hal0-slot@.service'),
    template.replace(/^ExecStart=.*$/m, `ExecStart=${lib}/current/hal0 slot-exec %i`),
  )
  const { code, stderr } = await systemctl.run(['daemon-reload'])
  if (code !== 0) throw new Error(stderr)
}
await install(paths)

supervisorContract(`the systemd supervisor (${scope})`, async () => ({
  open: () => new SystemdSupervisor({ paths, systemctl }),
  dispose: async () => rmSync(join(paths.data, 'slots'), { recursive: true, force: true }),
}))

test('a journalctl that is killed again and again costs a follower no line, and is reported as a problem', async () => {
  const supervisor = new SystemdSupervisor({ paths, systemctl })
  const seen: LogEntry[] = []
  const problems = new Set<string>()
  await supervisor.start(
    shell('primary', 'i=0; while [ $i -lt 300 ]; do echo $i; i=$((i+1)); sleep 0.01; done; exec sleep 60'),
    () => {},
  )
  const end = supervisor.followLogs('primary', (entries) => {
    seen.push(...entries.map(({ entry }) => entry))
  })
  const followers = () =>
    runningProcesses().filter(
      ({ pid, ppid }) => ppid === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--follow'),
    )
  for (let kills = 0; kills < 5; kills += 1) {
    const shown = seen.length
    await until('a line', () => seen.length > shown)
    for (const { pid } of followers()) process.kill(pid, 'SIGKILL')
    // Until the next one reads a line, a tenth of a second later at the earliest.
    await until('the problem', () => supervisor.problems().length > 0)
    for (const problem of supervisor.problems()) problems.add(problem)
  }
  await until('the last line', () => seen.at(-1) === '299')
  expect(supervisor.problems()).toEqual([])
  end()
  await supervisor.stop('primary', 0)
  supervisor.close()
  const first = Number(seen[0])
  expect(seen).toEqual(Array.from({ length: 300 - first }, (_, index) => String(first + index)))
  expect([...problems].join()).toMatch(/cannot be followed.*SIGKILL/)
})

test('a backend whose record was lost is taken over with its pid and its arguments, and stopped by its unit', async () => {
  const first = new SystemdSupervisor({ paths, systemctl })
  const { pid } = await first.start({ ...shell('primary', ''), argv: ['/bin/sleep', '600'] }, () => {})
  first.close()
  rmSync(join(paths.data, 'slots/primary/launch.json'))
  const second = new SystemdSupervisor({ paths, systemctl })
  const probe = exitProbe()
  expect(await second.adopt('primary', probe.onExit)).toMatchObject({
    kind: 'running',
    process: { pid },
    argv: ['/bin/sleep', '600'],
  })
  await second.stop('primary', 5000)
  await probe.exit
  expect(runs(pid)).toBe(false)
  expect(await second.adopt('primary', () => {})).toEqual({ kind: 'none' })
  second.close()
})

test('a backend that ended while no daemon ran, and whose record was lost, is not taken over', async () => {
  const first = new SystemdSupervisor({ paths, systemctl })
  const { pid } = await first.start(shell('primary', 'exec sleep 600'), () => {})
  first.close()
  process.kill(pid, 'SIGKILL')
  await until('it has ended', () => !runs(pid))
  rmSync(join(paths.data, 'slots/primary/launch.json'))
  const second = new SystemdSupervisor({ paths, systemctl })
  expect(await second.adopt('primary', () => {})).toEqual({ kind: 'none' })
  const again = await second.start(shell('primary', 'exec sleep 600'), () => {})
  expect(runs(again.pid)).toBe(true)
  await second.stop('primary', 0)
  second.close()
})

test.if(isRoot)('a journald that is restarted again and again costs a follower no line', async () => {
  const supervisor = new SystemdSupervisor({ paths, systemctl })
  const seen: LogEntry[] = []
  await supervisor.start(
    shell('primary', 'i=0; while [ $i -lt 500 ]; do echo $i; i=$((i+1)); sleep 0.01; done; exec sleep 60'),
    () => {},
  )
  const end = supervisor.followLogs('primary', (entries) => {
    seen.push(...entries.map(({ entry }) => entry))
  })
  for (let restarts = 0; restarts < 3; restarts += 1) {
    const shown = seen.length
    await until('a line', () => seen.length > shown)
    const { code, stderr } = await systemctl.run(['restart', 'systemd-journald'])
    expect([code, stderr]).toEqual([0, ''])
  }
  await until('the last line', () => seen.at(-1) === '499', 30_000)
  end()
  await supervisor.stop('primary', 0)
  supervisor.close()
  const first = Number(seen[0])
  expect(seen).toEqual(Array.from({ length: 500 - first }, (_, index) => String(first + index)))
})
