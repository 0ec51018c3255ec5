/** The systemd supervisor keeps the contract of every supervisor, on a real systemd. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import { join } from 'node:path'
import { testWith } from '../support/part.ts'
import { hasSystemdHost, inHost, SystemdHost } from '../support/systemd-host.ts'

setDefaultTimeout(300_000)
const withHost = testWith('root and systemd', hasSystemdHost)
const contract = inHost(join(import.meta.dir, 'contract.host.ts'))
const bun = [inHost(process.execPath), 'test', '--timeout', '60000', contract]

describe.if(hasSystemdHost || process.env.CI === 'true')('the contract of supervisors', () => {
  let host: SystemdHost
  beforeAll(async () => {
    host = await SystemdHost.start()
  })
  afterAll(async () => host?.stop())

  withHost('is kept with units of the host', async () => {
    const { code, stdout, stderr } = await host.exec(bun, { timeoutMs: 240_000 })
    if (code !== 0) console.error(stdout, stderr)
    expect(code).toBe(0)
  })

  withHost('is kept with units of a user', async () => {
    await host.must(['useradd', '--create-home', '--uid', '4242', 'somebody'])
    await host.must(['systemctl', 'start', 'user@4242'])
    const env = { HOME: '/home/somebody', XDG_RUNTIME_DIR: '/run/user/4242' }
    const { code, stdout, stderr } = await host.exec(bun, { timeoutMs: 240_000, user: 'somebody', env })
    if (code !== 0) console.error(stdout, stderr)
    expect(code).toBe(0)
  })
})
