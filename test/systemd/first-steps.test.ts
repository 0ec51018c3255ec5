/** From setup's last screen to an answer, and back again after an uninstall, on a real systemd with a real model. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import type { Slot } from '../../src/contract/slot-config.ts'
import { testWith } from '../support/part.ts'
import { hasSystemdHost, SystemdHost } from '../support/systemd-host.ts'
import { engineBinds, putEngine, putModel } from './engine.ts'
import { startPackageIndex, wheelBinds } from './package-index.ts'

setDefaultTimeout(300_000)
const withHost = testWith('root and systemd', hasSystemdHost)

describe.if(hasSystemdHost || process.env.CI === 'true')('a new server', () => {
  let host: SystemdHost
  const sh = (command: string) => host.exec(['bash', '-c', command], { timeoutMs: 280_000 })
  const slot = async (name: string): Promise<Slot> =>
    JSON.parse(await host.must(['hal0', 'slot', 'show', name, '--json'])) as Slot

  beforeAll(async () => {
    if (!hasSystemdHost) return
    host = await SystemdHost.start({ ...(await engineBinds()), ...(await wheelBinds()) })
    await startPackageIndex(host)
    await host.must([
      'sh',
      '-c',
      'ip link add home0 type bridge && ip address add 192.168.77.5/24 dev home0 && ip link set home0 up',
    ])
  })
  afterAll(async () => host?.stop())

  withHost('answers after the commands of setup’s last screen, pasted one after the other', async () => {
    await host.must([host.binary, 'setup', '--yes'])
    // The real engine, as if it had been installed: a test host reaches no package index for its many wheels.
    await host.must(['hal0', 'engine', 'use', await putEngine(host)])
    const screen = await host.must(['hal0', 'setup', '--yes'])
    const commands = screen
      .split('\n')
      .filter((line) => line.startsWith('  '))
      .map((line) => line.trim())
    expect(commands.map((command) => command.split(' ').slice(0, 3).join(' '))).toEqual([
      'hal0 run smollm2-135m-instruct-q4_1',
      'hal0 config set',
      'systemctl restart hal0',
      'hal0 key create',
    ])
    const [run = '', ...others] = commands
    const first = await sh(run)
    expect([first.code, first.stderr, first.stdout]).toEqual([
      0,
      expect.any(String),
      expect.stringMatching(/[a-z]{3,} [a-z]{2,}/i),
    ])
    let key = ''
    for (const command of others) {
      const { code, stdout } = await sh(command)
      expect([command, code]).toEqual([command, 0])
      key = stdout.trim()
    }
    const address = /at (http:\/\/192\.168\.77\.5:8080);/.exec(screen)?.[1] ?? ''
    await host.until('it answers at the address for other machines', async () => {
      return (await host.exec(['curl', '-sf', '-H', `x-api-key: ${key}`, `${address}/v1/models`])).code === 0
    })
  })

  withHost('has its autostart slots running again after uninstall and setup, and the others at rest', async () => {
    await putModel(host)
    for (const [name, autostart] of Object.entries({ auto: true, plain: false })) {
      await host.must(['hal0', 'slot', 'create', name, '--model', 'tiny', '--set', `autostart=${autostart}`])
      await host.must(['hal0', 'slot', 'load', name])
    }
    await host.must(['hal0', 'uninstall', '--yes'])
    expect(await host.must(['systemctl', 'list-units', '--no-legend', 'hal0*'])).toBe('')
    await host.must([host.binary, 'setup', '--yes'])
    await host.until('it is loaded', async () => (await slot('auto')).state.state === 'ready')
    const { config, state } = await slot('plain')
    expect([config.autostart, state.state, state.error]).toEqual([false, 'offline', null])
  })
})
