/** What doctor says about which facts. */
import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diagnose } from '../../src/install/doctor/diagnose.ts'
import type { Facts } from '../../src/install/doctor/facts.ts'
import { findDamaged } from '../../src/install/doctor/find-damaged.ts'
import { setAside } from '../../src/system/files/own-file.ts'
import { findPaths } from '../../src/system/paths.ts'
import { tempDir } from '../support/temp-dir.ts'

const gb = 1024 ** 3

const healthy: Facts = {
  scope: 'system',
  setupCommand: 'sudo hal0 setup',
  doctorCommand: 'sudo hal0 doctor',
  drift: [],
  service: {
    loaded: true,
    active: true,
    shown: 'active (running)',
    result: 'success',
    enabled: true,
    needsReload: false,
    mainPid: 7,
    restarts: 0,
    lastLines: [],
  },
  takenPorts: [],
  configProblems: [],
  engines: ['/usr/local/bin/llama-server'],
  installCommand: 'hal0 engine install llama.cpp --source pypi',
  machine: [],
  gpu: { devices: [], user: 'hal0-slot', uid: 990, groups: [990, 44] },
  disk: { path: '/var/lib/hal0', freeBytes: 500 * gb, totalBytes: 1000 * gb },
  lingering: null,
  clock: { now: new Date('2026-06-01T00:00:00Z'), synchronised: true },
  polkit: true,
  unreadable: [],
  damaged: [],
}

/** The findings in short: check, severity and whether --fix mends it. */
const short = (facts: Partial<Facts>): string[] =>
  diagnose({ ...healthy, ...facts }).map(
    ({ check, severity, fixable }) => `${severity} ${check}${fixable ? ' (fixable)' : ''}`,
  )
const problems = (facts: Partial<Facts>): string[] => diagnose({ ...healthy, ...facts }).map(({ problem }) => problem)

test('nothing is found where nothing is wrong', () => {
  expect(diagnose(healthy)).toEqual([])
})

describe('what setup would change', () => {
  test('is an error that --fix mends, for units, owners, users and rights', () => {
    for (const step of ['unit', 'slot-unit', 'owners', 'hub-token', 'folders', 'users', 'polkit', 'gpu-groups']) {
      const [finding] = diagnose({ ...healthy, drift: [{ step, changes: ['write /a'] }] })
      expect(finding).toMatchObject({ severity: 'error', fixable: true, advice: 'sudo hal0 doctor --fix' })
      expect(finding?.problem).toContain('write /a')
    }
  })

  test('is for setup to mend where the version would change', () => {
    const [finding] = diagnose({ ...healthy, drift: [{ step: 'program', changes: ['replace /a'] }] })
    expect(finding).toMatchObject({ severity: 'warning', fixable: false, advice: 'sudo hal0 setup' })
  })

  test('names an API that runs from older files once those files are right', () => {
    const service = { step: 'service', changes: ['restart hal0.service; slots keep running'] }
    expect(short({ drift: [service] })).toEqual(['warning service'])
    expect(short({ drift: [{ step: 'unit', changes: ['write /a'] }, service] })).toEqual(['error units (fixable)'])
  })
})

describe('the service', () => {
  test('that does not run is told with what it printed last', () => {
    const service = { ...healthy.service, active: false, shown: 'failed (failed)', result: 'exit-code' }
    expect(problems({ service: { ...service, lastLines: ['first', 'Port 80 is taken.'] } })).toEqual([
      'hal0.service does not run: failed (failed), exit-code. It printed last: Port 80 is taken.',
    ])
  })

  test('that is not installed is one finding, not three', () => {
    const service = { ...healthy.service, loaded: false, active: false, enabled: false }
    expect(problems({ service })).toEqual(['hal0.service is not installed.'])
  })

  test('that is off at boot is a warning while it runs', () => {
    expect(short({ service: { ...healthy.service, enabled: false } })).toEqual(['warning service'])
  })
})

test('a port that another program has is told with the program and the file', () => {
  const taken = { port: 8080, wanted: 'the API', by: { pid: 12, command: 'nginx' }, file: '/etc/hal0/hal0.toml' }
  const [finding] = diagnose({ ...healthy, takenPorts: [taken] })
  expect(finding?.problem).toBe('Port 8080 of the API is taken by nginx (process 12).')
  expect(finding?.advice).toContain('/etc/hal0/hal0.toml')
})

test('no engine is an error with the command that installs one', () => {
  const [finding] = diagnose({ ...healthy, engines: [] })
  expect(finding).toMatchObject({ check: 'engine', severity: 'error' })
  expect(finding?.advice).toBe('hal0 engine install llama.cpp --source pypi')
})

describe('GPU access', () => {
  const device = { path: '/dev/dri/renderD128', mode: 0o660, uid: 0, gid: 105 }
  const gpu = (groups: number[], mode = device.mode, uid = 990) => ({
    gpu: { devices: [{ ...device, mode }], user: 'hal0-slot', uid, groups },
  })

  test('is there by group or for all', () => {
    expect(short(gpu([990, 105]))).toEqual([])
    expect(short(gpu([990], 0o666))).toEqual([])
    expect(short(gpu([0], 0o660, 0))).toEqual([])
  })

  test('is missing without the group, and where the group may only read', () => {
    expect(problems(gpu([990, 44]))).toEqual(['hal0-slot may not use /dev/dri/renderD128.'])
    expect(short(gpu([105], 0o646))).toEqual(['warning GPU access'])
  })
})

test('a driver that is broken is a warning, since models run on the processor all the same', () => {
  const machine = [{ about: 'GPU' as const, problem: 'No engine can use it.', advice: 'Restart the machine' }]
  expect(short({ machine })).toEqual(['warning GPU'])
  expect(diagnose({ ...healthy, machine })[0]?.advice).toBe('Restart the machine')
})

describe('the disk', () => {
  const disk = (freeBytes: number, totalBytes: number) => short({ disk: { path: '/d', freeBytes, totalBytes } })

  test('is full below 2 GiB or 5 %', () => {
    expect(disk(2 * gb, 40 * gb)).toEqual([])
    expect(disk(2 * gb - 1, 20 * gb)).toEqual(['warning disk'])
    expect(disk(49 * gb, 1000 * gb)).toEqual(['warning disk'])
    expect(disk(50 * gb, 1000 * gb)).toEqual([])
    expect(disk(0, 1000 * gb)).toEqual(['error disk'])
  })
})

test('a user whose units end with the login is warned', () => {
  expect(short({ lingering: { user: 'ann', on: true } })).toEqual([])
  expect(short({ lingering: { user: 'ann', on: false } })).toEqual(['warning lingering (fixable)'])
})

describe('the clock', () => {
  const clock = (now: string, synchronised: boolean | null) => short({ clock: { now: new Date(now), synchronised } })

  test('that was never set is an error, whatever it says about itself', () => {
    expect(clock('2024-12-31T23:59:59Z', true)).toEqual(['error clock'])
    expect(clock('1970-01-01T00:00:00Z', false)).toEqual(['error clock'])
  })

  test('that is not synchronised is a warning; a machine that does not say is left in peace', () => {
    expect(clock('2026-01-01T00:00:00Z', false)).toEqual(['warning clock'])
    expect(clock('2026-01-01T00:00:00Z', null)).toEqual([])
  })
})

test('polkit is a question of the system only', () => {
  expect(short({ polkit: false })).toEqual(['error polkit'])
  expect(short({ polkit: null })).toEqual([])
})

test('a file that slots cannot read is told with the reason', () => {
  const one = (why: 'missing' | 'hidden' | 'forbidden') =>
    problems({ unreadable: [{ path: '/m/a', target: '/b', why }] })
  expect(one('missing')).toEqual(['/m/a leads to /b, which is not there.'])
  expect(one('hidden')[0]).toContain('which slots do not see')
  expect(one('forbidden')[0]).toContain('may not read')
})

test('errors come before warnings', () => {
  expect(short({ polkit: false, clock: { now: healthy.clock.now, synchronised: false } })).toEqual([
    'error polkit',
    'warning clock',
  ])
  expect(short({ service: { ...healthy.service, enabled: false }, engines: [] })).toEqual([
    'error engine',
    'warning service',
  ])
})

test('what was damaged and moved aside is shown until somebody deletes it', async () => {
  const paths = findPaths({ HAL0_ROOT: tempDir() }, false)
  expect(await findDamaged(paths)).toEqual([])
  const folder = join(paths.data, 'slots/primary')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'state.json'), '')
  const aside = await setAside(join(folder, 'state.json'))
  const damaged = await findDamaged(paths)
  expect(damaged).toEqual([aside])
  expect(short({ damaged })).toEqual(['warning files'])
  expect(problems({ damaged })[0]).toContain(aside)
})

test('of what was moved aside from one place the last three stay', async () => {
  const path = join(tempDir(), 'state.json')
  const asides: string[] = []
  for (let round = 0; round < 5; round++) {
    writeFileSync(path, String(round))
    asides.push(await setAside(path))
  }
  expect(asides.filter((aside) => existsSync(aside))).toEqual(asides.slice(-3))
})
