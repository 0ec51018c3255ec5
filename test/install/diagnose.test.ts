/** What doctor says about which facts. */
import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diagnose } from '../../src/install/doctor/diagnose.ts'
import type { Facts } from '../../src/install/doctor/facts.ts'
import { findDamaged } from '../../src/install/doctor/find/damaged.ts'
import { setAside } from '../../src/system/files/own-file.ts'
import { findPaths } from '../../src/system/paths.ts'
import { hostingCommands } from '../../src/system/systemd/hosting.ts'
import { tempDir } from '../support/temp-dir.ts'

const gb = 1024 ** 3

const service = {
  loaded: true,
  active: true,
  shown: 'active (running)',
  result: 'success',
  enabled: true,
  needsReload: false,
  mainPid: 7,
  restarts: 0,
  lastLines: [],
}

const healthy: Facts = {
  presence: 'whole',
  scope: 'system',
  isRoot: false,
  commands: hostingCommands('service', false),
  managerProblem: '',
  drift: [],
  service,
  takenPorts: [],
  configProblems: [],
  slotFiles: [],
  engines: ['/usr/local/bin/llama-server'],
  installCommand: 'hal0 engine install llama.cpp --source pypi',
  hub: { problem: null, models: 0 },
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
    const restart = { step: 'service', changes: ['restart hal0.service; slots keep running'] }
    expect(short({ drift: [restart] })).toEqual(['warning service'])
    expect(short({ drift: [{ step: 'unit', changes: ['write /a'] }, restart] })).toEqual(['error units (fixable)'])
  })
})

describe('the service', () => {
  test('that does not run is told with what it printed last', () => {
    const down = { ...service, active: false, shown: 'failed (failed)', result: 'exit-code' }
    expect(problems({ service: { ...down, lastLines: ['first', 'Port 80 is taken.'] } })).toEqual([
      'hal0.service does not run: failed (failed), exit-code. It printed last: Port 80 is taken.',
    ])
  })

  test('that is not installed is one finding, not three', () => {
    const missing = { ...service, loaded: false, active: false, enabled: false }
    expect(problems({ service: missing })).toEqual(['hal0.service is not installed.'])
  })

  test('that is off at boot is a warning while it runs', () => {
    expect(short({ service: { ...service, enabled: false } })).toEqual(['warning service'])
  })
})

test('a port that another program has is told with the program and the command that takes another one', () => {
  const holder = { pid: 12, command: 'nginx', unit: 'nginx.service', user: null }
  const [finding] = diagnose({ ...healthy, takenPorts: [{ port: 8080, slot: null, holder, instead: 8100 }] })
  expect(finding?.problem).toBe('Port 8080 of the API is taken by "nginx" (process 12, nginx.service).')
  expect(finding?.command).toBe('sudo hal0 setup --port 8100')
  const [ofSlot] = diagnose({ ...healthy, takenPorts: [{ port: 8081, slot: 'main', holder, instead: 8083 }] })
  expect(ofSlot?.command).toBe('hal0 slot edit main --set port=8083')
})

test('no engine is an error with the command that installs one', () => {
  const [finding] = diagnose({ ...healthy, engines: [] })
  expect(finding).toMatchObject({ check: 'engine', severity: 'error' })
  expect(finding?.advice).toBe('hal0 engine install llama.cpp --source pypi')
})

describe('GPU access', () => {
  const device = { path: '/dev/dri/renderD128', mode: 0o660, uid: 0, gid: 105, group: 'render' }
  const gpu = (groups: number[], mode = device.mode, uid = 990) => ({
    gpu: { devices: [{ ...device, mode }], user: 'hal0-slot', uid, groups },
  })

  test('is there by group or for all', () => {
    expect(short(gpu([990, 105]))).toEqual([])
    expect(short(gpu([990], 0o666))).toEqual([])
    expect(short(gpu([0], 0o660, 0))).toEqual([])
  })

  test('comes with the group of the device, where that has the right', () => {
    expect(diagnose({ ...healthy, ...gpu([990]) })[0]?.command).toBe('sudo usermod -aG render hal0-slot')
    expect(diagnose({ ...healthy, ...gpu([990], 0o600) })[0]?.command).toBeNull()
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
  expect(short({ service: { ...service, enabled: false }, engines: [] })).toEqual(['error engine', 'warning service'])
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

describe('what is not installed', () => {
  const none: Partial<Facts> = {
    presence: 'none',
    service: null,
    polkit: null,
    commands: hostingCommands('checkout', false),
    scope: 'user',
  }

  test('is a note, and nothing of an installation is missed', () => {
    expect(short(none)).toEqual(['note installation'])
    expect(problems(none)).toEqual(['hal0 is not installed here; that is fine for a checkout.'])
  })

  test('is still looked at: engine, ports, hub, disk, clock', () => {
    expect(short({ ...none, engines: [], hub: { problem: 'The hub cannot be reached.', models: 1 } })).toEqual([
      'warning engine',
      'warning hub',
      'note installation',
    ])
    const holder = { pid: 12, command: 'nginx', unit: null, user: null }
    const [port] = diagnose({ ...healthy, ...none, takenPorts: [{ port: 8080, slot: null, holder, instead: 8100 }] })
    expect(port?.command).toBe('npm start -- --port 8100')
  })
})

test('an installation seen by a user who is not root is checked as far as that user sees it', () => {
  const [finding] = diagnose({ ...healthy, presence: 'from-outside', engines: null })
  expect(finding).toMatchObject({ severity: 'note', command: 'sudo hal0 doctor' })
})

test('without systemd that is the one finding about the installation', () => {
  const facts: Partial<Facts> = {
    presence: 'no-manager',
    managerProblem: 'This machine does not run systemd.',
    service: null,
  }
  expect(problems(facts)).toEqual(['This machine does not run systemd.'])
})

test('the hub is an error only where there is no model yet', () => {
  expect(short({ hub: { problem: 'The hub cannot be reached.', models: 0 } })).toEqual(['error hub'])
  expect(short({ hub: { problem: 'The hub cannot be reached.', models: 2 } })).toEqual(['warning hub'])
})

describe('one cause is told once', () => {
  const down = { ...service, active: false, shown: 'failed (failed)', result: 'exit-code', lastLines: ['Error: taken'] }
  const holder = { pid: 12, command: 'nginx', unit: null, user: null }

  test('a taken port, and not the service that cannot listen', () => {
    expect(short({ service: down, takenPorts: [{ port: 8080, slot: null, holder, instead: 8100 }] })).toEqual([
      'error ports',
    ])
  })

  test('a damaged hal0.toml, and not the service that does not start with it', () => {
    expect(short({ service: down, configProblems: ['hal0.toml is not valid.'] })).toEqual(['error configuration'])
  })

  test('a slot’s port has nothing to do with a service that does not run', () => {
    expect(short({ service: down, takenPorts: [{ port: 8081, slot: 'main', holder, instead: 8083 }] })).toEqual([
      'error service',
      'error ports',
    ])
  })

  test('a missing service, and not the rest of what setup makes', () => {
    const missing = { ...service, loaded: false, active: false, enabled: false }
    const drift = [{ step: 'unit', changes: ['write /a'] }]
    expect(problems({ service: missing, drift })).toEqual(['hal0.service is not installed.'])
  })

  test('a clock that was never set, and not the hub whose certificate it refuses', () => {
    const clock = { now: new Date('1970-01-01T00:00:00Z'), synchronised: false }
    expect(short({ clock, hub: { problem: 'The hub cannot be reached.', models: 0 } })).toEqual(['error clock'])
  })
})
