/** `hal0 run` where hal0 is installed as a service of the machine, on a real systemd. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import type { Status } from '../../src/contract/system.ts'
import { testWith } from '../support/part.ts'
import { hasSystemdHost, SystemdHost } from '../support/systemd-host.ts'

setDefaultTimeout(120_000)
const withHost = testWith('root and systemd', hasSystemdHost)

describe.if(hasSystemdHost || process.env.CI === 'true')('hal0 run where hal0 is a service', () => {
  let host: SystemdHost
  const isActive = async () => (await host.exec(['systemctl', 'is-active', 'hal0'])).stdout.trim()

  beforeAll(async () => {
    if (!hasSystemdHost) return
    host = await SystemdHost.start()
    await host.must(['useradd', '--create-home', 'anna'])
    await host.must([host.binary, 'setup', '--yes'])
  })
  afterAll(async () => host?.stop())

  withHost('a user who may not start it is told the command, and no second daemon is started', async () => {
    await host.must(['systemctl', 'stop', 'hal0'])
    const { code, stderr } = await host.exec(['hal0', 'run', 'primary', 'Hello!'], { user: 'anna' })
    expect([code, await isActive()]).toEqual([3, 'inactive'])
    expect(stderr).toStartWith('Error: hal0 is installed as a service that does not run, and starting it failed.\n')
    expect(stderr).toEndWith('Try: sudo systemctl start hal0\n')
  })

  withHost('whoever may start it does, as the service', async () => {
    await host.must(['systemctl', 'stop', 'hal0'])
    const { code, stderr } = await host.exec(['hal0', 'run', 'primry', 'Hello!'])
    expect([code, await isActive()]).toEqual([4, 'active'])
    expect(stderr).toStartWith('hal0 is started: systemctl start hal0\nError: There is no slot or model "primry"')
  })

  withHost('every user finds it on whatever port it has, and is not offered another', async () => {
    await host.must(['hal0', 'config', 'set', 'port=9123'])
    await host.must(['systemctl', 'restart', 'hal0'])
    const ask = async (): Promise<Status | null> => {
      const { code, stdout } = await host.exec(['hal0', 'status', '--json'], { user: 'anna' })
      return code === 0 ? (JSON.parse(stdout) as Status) : null
    }
    await host.until('the service answers', async () => (await ask()) !== null)
    expect((await ask())?.url).toBe('http://127.0.0.1:9123')
    const { code, stderr } = await host.exec(['hal0', 'run', 'primary', 'Hello!', '--port', '9200'], { user: 'anna' })
    expect([code, stderr]).toEqual([1, expect.stringContaining('already runs, at http://127.0.0.1:9123') as never])
  })
})
