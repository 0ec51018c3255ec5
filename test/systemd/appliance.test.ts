/** hal0 set up on a real systemd, with its real units, users and sandboxes. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Slot } from '../../src/contract/slot-config.ts'
import { testWith } from '../support/part.ts'
import { hasSystemdHost, SystemdHost } from '../support/systemd-host.ts'
import { engineBinds, putEngine, putModel } from './engine.ts'

setDefaultTimeout(400_000)
const withHost = testWith('root and systemd', hasSystemdHost)
const run = hasSystemdHost || process.env.CI === 'true'

describe.if(run)('an appliance', () => {
  let host: SystemdHost
  let engine: string
  beforeAll(async () => {
    host = await SystemdHost.start(await engineBinds())
    // Debian's udev makes it; a machine without GPUs may have no udev.
    await host.must(['groupadd', '--force', '--system', 'render'])
    await host.must([host.binary, 'setup', '--yes'])
    engine = await putEngine(host)
    await putModel(host)
  })
  afterAll(async () => host?.stop())

  const runInside = async (file: string): Promise<void> => {
    const env = { HAL0_TEST_ENGINE: engine, HAL0_LONG: process.env.HAL0_LONG ?? '' }
    const argv = [process.execPath, 'test', join(import.meta.dir, file)]
    const { code, stdout, stderr } = await host.exec(argv, { timeoutMs: 380_000, env })
    console.log(stdout.replaceAll(/^.*\((pass|fail)\).*\n/gm, ''))
    if (code !== 0) console.error(stdout, stderr)
    expect(code).toBe(0)
  }

  withHost('runs slots as units, whatever happens to API, backends and systemctl', () => runInside('appliance.host.ts'))

  withHost('reports a stop that systemd refuses or leaves unanswered, and stops once it can', () =>
    runInside('stops.host.ts'),
  )

  withHost('lets a slot reach every kind of GPU by its group, and no other device', async () => {
    // There is no GPU: nodes with the numbers of one, and a kernel that claims to have its drivers. A node that may be opened and
    // has no driver behind it is ENXIO; one that the sandbox keeps away is EPERM, one of another group EACCES.
    const majors = { drm: 226, kfd: 240, accel: 261, 'nvidia-frontend': 195, 'nvidia-uvm': 241 }
    const drivers = Object.entries(majors).map(([name, major]) => `${major} ${name}`)
    const nodes = Object.entries(majors).map(
      ([name, major]) => `mknod -m 660 ${name} c ${major} 0; chgrp render ${name}`,
    )
    const opening = `for node in /run/gpus/*; do (: < $node) 2>&1; done; exit 3`
    await host.must([
      'sh',
      '-ec',
      `grep -vE '(${drivers.join('|')})$' /proc/devices | sed '/^Character/a ${drivers.join('\\n')}' > /run/devices
      mount --bind /run/devices /proc/devices
      mkdir /run/gpus; cd /run/gpus; ${nodes.join('; ')}
      mknod -m 666 kernel-log c 1 11; mknod -m 660 of-root c 226 1; mknod -m 666 null c 1 3
      printf '#!/bin/sh\n%s\n' '${opening}' > /opt/opens; chmod 755 /opt/opens`,
    ])
    await host.must(['hal0', 'slot', 'create', 'gpus', '--model', 'tiny', '--set', 'engine=/opt/opens'])
    expect((await host.exec(['hal0', 'slot', 'load', 'gpus'])).code).toBe(1)
    const { state } = JSON.parse(await host.must(['hal0', 'slot', 'show', 'gpus', '--json'])) as Slot
    const { last_lines: said } = (state.error?.details ?? { last_lines: [] }) as { last_lines: string[] }
    const outcomes = said.map((line) => / \/run\/gpus\/([\w-]+): (.*)$/.exec(line)?.slice(1) ?? [line])
    expect(Object.fromEntries(outcomes)).toEqual({
      ...Object.fromEntries(Object.keys(majors).map((name) => [name, 'No such device or address'])),
      'kernel-log': 'Operation not permitted',
      'of-root': 'Permission denied',
    })
  })
})

describe.if(run)("a user's own installation", () => {
  let host: SystemdHost
  const user = {
    user: 'somebody',
    env: { HOME: '/home/somebody', XDG_RUNTIME_DIR: '/run/user/4242', PATH: '/home/somebody/.local/bin:/usr/bin:/bin' },
  }
  beforeAll(async () => {
    host = await SystemdHost.start(await engineBinds())
    await host.must(['useradd', '--create-home', '--uid', '4242', 'somebody'])
    await host.must(['systemctl', 'start', 'user@4242'])
  })
  afterAll(async () => host?.stop())

  withHost('is set up without root, runs slots as units of the user, and survives a restart of the API', async () => {
    await host.must([host.binary, 'setup', '--user', '--yes'], user)
    const engine = await putEngine(host, '/home/somebody/.local/share/hal0', 'somebody:somebody')
    await putModel(host, user)
    await host.must(['hal0', 'slot', 'create', 'primary', '--model', 'tiny', '--set', `engine=${engine}`], user)
    await host.must(['hal0', 'slot', 'load', 'primary'], user)
    const state = async () =>
      (JSON.parse(await host.must(['hal0', 'slot', 'show', 'primary', '--json'], user)) as Slot).state
    const { pid } = await state()
    const shown = await host.must(
      ['systemctl', '--user', 'show', 'hal0-slot@primary', '--property=MainPID', '--value'],
      user,
    )
    expect(Number(shown)).toBe(pid ?? -1)
    await host.must(['systemctl', '--user', 'restart', 'hal0'], user)
    await host.until('the API answers again', async () => (await state()).state === 'ready')
    expect((await state()).pid).toBe(pid)
    expect(await host.must(['hal0', 'slot', 'logs', 'primary'], user)).not.toBe('')
    await host.must(['hal0', 'slot', 'unload', 'primary'], user)
    await host.must(['hal0', 'uninstall', '--yes'], user)
    expect((await host.exec(['systemctl', '--user', 'cat', 'hal0.service'], user)).code).not.toBe(0)
    expect((await host.exec(['ls', '/home/somebody/.local/share/hal0/models'], user)).code).toBe(0)
  })
})

describe.if(run)('a reboot of the host', () => {
  withHost(
    'takes a slot that was ready to offline by legal transitions, and one with autostart comes back',
    async () => {
      const kept = mkdtempSync(join(tmpdir(), 'hal0-reboot-'))
      const binds = await engineBinds()
      for (const folder of ['/etc/hal0', '/var/lib/hal0']) {
        binds[folder] = join(kept, folder)
        mkdirSync(join(kept, folder), { recursive: true })
      }
      const host = await SystemdHost.start(binds)
      const slots = async () => {
        const list = JSON.parse(await host.must(['hal0', 'slot', 'list', '--json'])) as Slot[]
        return new Map(list.map(({ config, state }) => [config.name, state]))
      }
      try {
        await host.must([host.binary, 'setup', '--yes'])
        const engine = await putEngine(host)
        await putModel(host)
        for (const [name, autostart] of Object.entries({ auto: true, plain: false })) {
          const settings = [`engine=${engine}`, `autostart=${autostart}`].flatMap((setting) => ['--set', setting])
          await host.must(['hal0', 'slot', 'create', name, '--model', 'tiny', ...settings])
          await host.must(['hal0', 'slot', 'load', name])
        }
        const before = await slots()
        await host.stop()
        await host.boot(binds)
        await host.must([host.binary, 'setup', '--yes'])
        await host.until('the slot is ready again', async () => (await slots()).get('auto')?.state === 'ready')
        const after = await slots()
        expect(after.get('plain')?.state).toBe('offline')
        // One slot: unloading and offline. The other one: starting, warming and ready.
        expect(after.get('plain')?.seq).toBe((before.get('plain')?.seq ?? 0) + 2)
        expect(after.get('auto')?.seq).toBe((before.get('auto')?.seq ?? 0) + 5)
      } finally {
        await host.stop()
        rmSync(kept, { recursive: true, force: true })
      }
    },
  )
})
