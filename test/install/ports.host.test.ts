/** A server whose port is taken, a root who would serve the service's data, and hints that fit, on a real systemd. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import { testWith } from '../support/part.ts'
import { hasSystemdHost, SystemdHost } from '../support/systemd-host.ts'

setDefaultTimeout(120_000)
const withHost = testWith('root and systemd', hasSystemdHost)

/** What depends on the machine that the tests run on. */
const besides = ['hub', 'gpu', 'machine']

interface Finding {
  id: string
  severity: string
  problem: string
  command: string | null
}

describe.if(hasSystemdHost || process.env.CI === 'true')('a server', () => {
  let host: SystemdHost
  const sh = (command: string) => host.must(['sh', '-c', command])
  const show = async (name: string) => (await host.must(['systemctl', 'show', '--value', `-p${name}`, 'hal0'])).trim()
  const findings = async (user?: string): Promise<Finding[]> => {
    const { stdout, stderr } = await host.exec(['hal0', 'doctor', '--json'], user === undefined ? {} : { user })
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout) as Finding[]
  }
  const squat = async (port: number) => {
    await host.must(['systemd-run', '--unit=squatter', 'python3', '-m', 'http.server', String(port)])
    await host.until('the port is taken', async () => (await host.exec(['curl', '-s', `127.0.0.1:${port}`])).code === 0)
  }

  beforeAll(async () => {
    if (!hasSystemdHost) return
    host = await SystemdHost.start()
    await host.must(['useradd', '--create-home', 'ann'])
  })
  afterAll(async () => host?.stop())

  withHost(
    'without an installation has one finding about that, for root and for a user, and exit status 0',
    async () => {
      await sh('printf "#!/bin/sh\\n" > /usr/local/bin/llama-server && chmod 755 /usr/local/bin/llama-server')
      await sh('printf "#!/bin/sh\\necho yes\\n" > /usr/bin/timedatectl && chmod 755 /usr/bin/timedatectl')
      for (const user of [undefined, 'ann']) {
        const { stdout } = await host.exec(
          [host.binary, 'doctor', '--json'],
          user === undefined ? {} : { user, env: { HOME: '/home/ann' } },
        )
        const found = (JSON.parse(stdout) as Finding[]).filter(({ id }) => !besides.includes(id))
        expect(found.map(({ id, severity }) => `${severity} ${id}`)).toEqual(['note not-installed'])
      }
    },
  )

  withHost(
    'whose port is taken is not set up: setup names the program and a free port, and changes nothing',
    async () => {
      await squat(8080)
      const { code, stderr } = await host.exec([host.binary, 'setup', '--yes'])
      expect(code).toBe(1)
      expect(stderr).toMatch(/Port 8080 is taken by ".*http\.server 8080" \(process \d+, squatter\.service\)\./)
      expect(stderr).toContain('hal0 setup --port 8100')
      expect((await host.exec(['ls', '/usr/lib/hal0'])).code).not.toBe(0)
    },
  )

  withHost('is set up on another port, which hal0.toml then has, and the commands find it there', async () => {
    await host.must([host.binary, 'setup', '--port', '8100', '--yes'])
    expect(await host.must(['cat', '/etc/hal0/hal0.toml'])).toBe('port = 8100\n')
    expect(await host.must(['stat', '--format=%U:%G', '/etc/hal0/hal0.toml'])).toBe('hal0:hal0\n')
    expect(await host.must(['hal0', 'status'])).toContain(':8100')
    await host.must(['systemctl', 'stop', 'squatter'])
    await sh('printf "# mine\\nport = 8100 # here\\ndrain_s = 5\\n" > /etc/hal0/hal0.toml')
    await host.must(['hal0', 'setup', '--port', '8080', '--yes'])
    expect(await host.must(['cat', '/etc/hal0/hal0.toml'])).toBe('# mine\nport = 8080 # here\ndrain_s = 5\n')
    expect(await host.must(['hal0', 'status'])).toContain(':8080')
    expect(await host.must(['hal0', 'setup', '--port', '8080', '--yes'])).toContain('Nothing to do')
  })

  withHost('whose service cannot listen ends once, and its last line says who has the port', async () => {
    await host.must(['systemctl', 'stop', 'hal0'])
    await squat(8080)
    await host.must(['systemctl', 'start', 'hal0'])
    await host.until('the service has given up', async () => (await show('ActiveState')) === 'failed')
    expect([await show('ExecMainStatus'), await show('NRestarts')]).toEqual(['78', '0'])
    const shown = (await host.exec(['systemctl', 'status', '--no-pager', '--lines=5', 'hal0'])).stdout
    expect(shown).toMatch(/Port 8080 is taken by ".*http\.server 8080" \(process \d+, squatter\.service\)/)
    expect(shown).toContain('sudo systemctl start hal0')
    expect(shown).toContain('sudo hal0 setup --port 8100')
  })

  withHost('says so in status, and in one finding of doctor', async () => {
    const { code, stderr } = await host.exec(['hal0', 'status'])
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/Port 8080 is held by ".*" \(process \d+, squatter\.service\)/),
    ])
    expect(stderr).toContain('systemctl start hal0')
    const found = (await findings()).filter(({ id }) => !besides.includes(id))
    expect(found.map(({ id }) => id)).toEqual(['api-port'])
    expect(found[0]?.command).toBe('hal0 setup --port 8100')
  })

  withHost('is mended by the very command that doctor names', async () => {
    const [finding] = (await findings()).filter(({ id }) => id === 'api-port')
    await sh(`${finding?.command} --yes`)
    expect(await host.must(['hal0', 'status'])).toContain(':8100')
    expect((await findings()).filter(({ id }) => id === 'api-port')).toEqual([])
    await host.must(['systemctl', 'stop', 'squatter'])
    await host.must(['hal0', 'setup', '--port', '8080', '--yes'])
    await host.must(['systemctl', 'stop', 'hal0'])
  })

  withHost('needs only a start once the port is free', async () => {
    await squat(8080)
    await host.must(['systemctl', 'start', 'hal0'])
    await host.until('the service has given up', async () => (await show('ActiveState')) === 'failed')
    await host.must(['systemctl', 'stop', 'squatter'])
    const { code, stderr } = await host.exec(['hal0', 'status'])
    expect([code, stderr]).toEqual([3, expect.stringContaining('Try: systemctl start hal0')])
    expect(stderr).toContain('hal0.service printed last: ')
    const asAnn = await host.exec(['hal0', 'status'], { user: 'ann', env: { HOME: '/home/ann' } })
    expect(asAnn.stderr).toContain('Try: sudo systemctl start hal0')
    await host.must(['systemctl', 'start', 'hal0'])
    await host.until('it answers', async () => (await host.exec(['hal0', 'status'])).code === 0)
  })

  withHost('with a damaged hal0.toml ends once, and starts when it is corrected', async () => {
    await sh('echo "port = [" > /etc/hal0/hal0.toml')
    await host.must(['systemctl', 'restart', 'hal0'])
    await host.until('the service has given up', async () => (await show('ActiveState')) === 'failed')
    expect(await show('NRestarts')).toBe('0')
    const found = (await findings()).filter(({ severity }) => severity === 'error').filter(({ id }) => id !== 'hub')
    expect(found.map(({ id, command }) => `${id}: ${command}`)).toEqual(['configuration: hal0 config edit'])
    await sh('echo "# nothing" > /etc/hal0/hal0.toml')
    await host.must(['systemctl', 'start', 'hal0'])
    await host.until('it answers', async () => (await host.exec(['hal0', 'status'])).code === 0)
  })

  withHost('still starts a service again that was killed', async () => {
    const pid = await show('MainPID')
    await host.must(['systemctl', 'kill', '--signal=KILL', '--kill-whom=main', 'hal0'])
    await host.until('another process answers', async () => {
      const now = await show('MainPID')
      return now !== '0' && now !== pid && (await host.exec(['hal0', 'status'])).code === 0
    })
  })

  withHost('waits for an address that the machine does not have yet, and listens once it has it', async () => {
    await sh('echo "host = \\"10.99.0.1\\"" > /etc/hal0/hal0.toml')
    await host.must(['systemctl', 'restart', 'hal0'])
    const said = async () => (await host.exec(['journalctl', '-u', 'hal0', '-n', '20', '-o', 'cat'])).stdout
    await host.until('it says what it waits for', async () => (await said()).includes('10.99.0.1 is not an address'))
    await host.must(['ip', 'address', 'add', '10.99.0.1/32', 'dev', 'lo'])
    await host.until('it answers there', async () => {
      return (await host.exec(['curl', '-sf', 'http://10.99.0.1:8080/api/health'])).code === 0
    })
    expect(await show('NRestarts')).toBe('0')
    await sh('echo "# nothing" > /etc/hal0/hal0.toml')
    await host.must(['systemctl', 'restart', 'hal0'])
    await host.until('it answers', async () => (await host.exec(['hal0', 'status'])).code === 0)
  })

  withHost('does not let root serve its data, and a second daemon names the first', async () => {
    const { code, stderr } = await host.exec(['hal0', 'serve'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('sudo systemctl start hal0')])
    const pid = await show('MainPID')
    const second = await host.exec(['hal0', 'serve', '--port', '8200'], { user: 'hal0', env: { HAL0_ROOT: '/' } })
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining(`Another hal0 daemon (process ${pid})`)])
    // Data of its own is nobody else's business.
    const own = await host.exec(['timeout', '3', 'hal0', 'serve', '--port', '8200'], { env: { HAL0_ROOT: '/srv/x' } })
    expect(own.stdout).toContain('listens on http://127.0.0.1:8200')
  })

  withHost('tells how to restart it after a setting that needs that, and whoever may not set it how to', async () => {
    const asRoot = await host.exec(['hal0', 'config', 'set', 'port=8101'])
    expect(asRoot.stderr).toContain('Restart hal0 for this to take effect: systemctl restart hal0.')
    const asAnn = await host.exec(['hal0', 'config', 'set', 'port=8102'], { user: 'ann', env: { HOME: '/home/ann' } })
    expect([asAnn.code, asAnn.stderr]).toEqual([1, expect.stringContaining('sudo hal0')])
    await host.must(['hal0', 'config', 'set', 'port=8080'])
  })

  withHost('refuses to link a model from a home, before it reads it', async () => {
    await sh('install -d -m 755 /home/ann && head -c 1000 /dev/zero > /home/ann/m.gguf')
    const { code, stderr } = await host.exec(['hal0', 'model', 'import', '/home/ann/m.gguf', '--link'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('homes and temporary folders are hidden')])
    // A file elsewhere gets as far as being read.
    await sh('install -d /srv/models && cp /home/ann/m.gguf /srv/models/')
    const elsewhere = await host.exec(['hal0', 'model', 'import', '/srv/models/m.gguf', '--link'])
    expect(elsewhere.stderr).not.toContain('hidden')
  })

  withHost('shows a user who is not root what that user may see, and names the command that sees all', async () => {
    const found = (await findings('ann')).filter(({ id }) => !besides.includes(id))
    expect(found.map(({ id, command }) => `${id}: ${command}`)).toEqual(['unseen: sudo hal0 doctor'])
  })
})
