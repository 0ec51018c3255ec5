/** What the API and the backends may do on a real systemd with a real polkit. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import { existsSync } from 'node:fs'
import { testWith } from '../support/part.ts'
import { hasSystemdHost, SystemdHost } from '../support/systemd-host.ts'

setDefaultTimeout(120_000)
const polkit = existsSync('/usr/lib/polkit-1/polkitd') || existsSync('/usr/libexec/polkitd')
const present = hasSystemdHost && polkit
const withHost = testWith('root, systemd and polkit', present)

/** A backend that reports what it can access, then keeps running. */
const nosy = [
  'umask; id -un; ls /var/lib/hal0; ls /var/lib/hal0/slots; cat /etc/hal0/hal0.toml; cat /var/lib/hal0/hal0.db',
  'cat /var/lib/hal0/slots/b/launch.json; cat /var/lib/hal0/models/m; touch /var/lib/hal0/models/m2; touch /root/x',
  'touch /var/lib/hal0/slots/a/x; ls /home; cat /dev/null && echo null; head -c1 /dev/mem; echo done; exec sleep 1000',
].join('; ')

describe.if(present || process.env.CI === 'true')('rights', () => {
  let host: SystemdHost
  const api = (...argv: string[]) => host.exec(argv, { user: 'hal0' })
  const systemctl = (...args: string[]) => api('systemctl', '--no-ask-password', ...args)
  const write = (path: string, text: string) =>
    host.must(['sh', '-c', 'printf "%s" "$2" > "$1" && chown hal0:hal0-slot "$1" && chmod 640 "$1"', 'sh', path, text])

  beforeAll(async () => {
    if (!present) return
    host = await SystemdHost.start()
    await host.must([host.binary, 'setup', '--yes'])
    for (const name of ['a', 'b']) {
      const folder = `/var/lib/hal0/slots/${name}`
      const argv = name === 'a' ? ['/bin/sh', '-c', nosy] : ['/usr/bin/sleep', '1000']
      const launch = { argv, env: { SECRET: `of ${name}` }, cwd: '/', boot_id: null, init_start: null, started_at: 1 }
      await host.must(['install', '-d', '-o', 'hal0', '-g', 'hal0-slot', '-m', '2750', folder])
      await write(`${folder}/launch.json`, JSON.stringify(launch))
    }
    await write('/var/lib/hal0/models/m', 'weights\n')
    await write('/etc/hal0/hal0.toml', '# configuration\n')
  })
  afterAll(async () => host?.stop())

  withHost('the API may start, restart and stop the units of slots, of every legal name', async () => {
    for (const verb of ['start', 'restart', 'stop'])
      expect([verb, (await systemctl(verb, 'hal0-slot@b')).stderr]).toEqual([verb, ''])
    // A slot with nothing to run fails by itself; what matters is that the call was permitted.
    for (const name of ['a1', '0', 'a-b', 'a--b', 'a'.repeat(32)]) {
      const { stderr } = await systemctl('start', `hal0-slot@${name}.service`)
      expect([name, stderr]).toEqual([name, expect.not.stringMatching(/authentication|denied/i)])
      await systemctl('stop', `hal0-slot@${name}.service`)
    }
  })

  withHost('the API may do nothing else to them', async () => {
    await systemctl('start', 'hal0-slot@b')
    const refused: string[][] = [
      ['kill', 'hal0-slot@b'],
      ['reload', 'hal0-slot@b'],
      ['try-restart', 'hal0-slot@b'],
      ['reload-or-restart', 'hal0-slot@b'],
      ['reset-failed', 'hal0-slot@b'],
      ['enable', 'hal0-slot@b'],
      ['disable', 'hal0-slot@b'],
      ['mask', 'hal0-slot@b'],
      ['freeze', 'hal0-slot@b'],
      ['clean', 'hal0-slot@b'],
      ['revert', 'hal0-slot@b'],
      ['set-property', 'hal0-slot@b', 'User=root'],
      ['set-property', 'hal0-slot@b', 'MemoryMax=1G'],
      ['isolate', 'rescue.target'],
      ['daemon-reload'],
      ['daemon-reexec'],
      ['reboot'],
      ['set-environment', 'LD_PRELOAD=/tmp/x.so'],
    ]
    const allowed: string[] = []
    for (const args of refused) {
      const { code, stderr } = await systemctl(...args)
      if (code === 0 || !/authentication required|denied/i.test(stderr)) allowed.push(`${args.join(' ')}: ${stderr}`)
    }
    expect(allowed).toEqual([])
    const [editor, slot] = [['env', 'EDITOR=/bin/true', 'systemctl', 'edit', 'hal0-slot@b'], 'hal0-slot@evil.service']
    expect((await api(...editor)).code).not.toBe(0)
    // A transient unit with a slot's name could run anything as root.
    const transient = await api('systemd-run', '--no-ask-password', `--unit=${slot}`, 'id')
    expect([transient.code, transient.stderr]).toEqual([1, expect.stringMatching(/authentication required|denied/i)])
    expect(await host.must(['systemctl', 'is-active', 'hal0-slot@b'])).toBe('active\n')
  })

  withHost('the API may do nothing to other units, however they are called', async () => {
    const units = [
      'hal0.service',
      'dbus.service',
      'hal0-slot@.service',
      'hal0-slot@A.service',
      'hal0-slot@a-.service',
      'hal0-slot@-a.service',
      'hal0-slot@a_b.service',
      'hal0-slot@a.b.service',
      'hal0-slot@a\\x2fb.service',
      'hal0-slot@a\\x0a.service',
      'hal0-slot@a:b.service',
      `hal0-slot@${'a'.repeat(33)}.service`,
      'hal0-slot@a.service.service',
      'hal0-slot@a.socket',
      'hal0-slot@a.timer',
      'xhal0-slot@a.service',
      'hal0-slot2@a.service',
      'a@hal0-slot@a.service',
    ]
    const allowed: string[] = []
    for (const unit of units) {
      for (const verb of ['start', 'stop', 'restart']) {
        const { code, stderr } = await systemctl(verb, '--', unit)
        if (code === 0 || !/authentication required|denied|not a valid|missing the instance/i.test(stderr)) {
          allowed.push(`${verb} ${unit}: ${stderr}`)
        }
      }
    }
    expect(allowed).toEqual([])
  })

  withHost('nobody but the API may do even that', async () => {
    for (const user of ['hal0-slot', 'daemon']) {
      const { stderr } = await host.exec(['systemctl', '--no-ask-password', 'restart', 'hal0-slot@b'], { user })
      expect([user, stderr]).toEqual([user, expect.stringMatching(/authentication required|denied/i)])
    }
  })

  withHost('a backend reaches models and its own folder, both read-only, and nothing of others', async () => {
    await systemctl('start', 'hal0-slot@a')
    const journal = () => host.must(['journalctl', '--unit=hal0-slot@a', '--output=cat', '--no-pager'])
    await host.until('the backend has looked around', async () => (await journal()).includes('\ndone\n'))
    const said = await journal()
    const seen = said
      .split('\n')
      .filter((line) => !/: .*(No such file|Permission denied|Read-only|not permitted)/.test(line))
    expect(seen.filter((line) => line !== '' && !/^(Starting|Started)/.test(line))).toEqual([
      '0077',
      'hal0-slot',
      ...['engines', 'models', 'slots'],
      'a',
      'weights',
      'null',
      'done',
    ])
    expect(said).not.toContain('SECRET')
    expect(said).not.toContain('configuration')
    for (const path of ['/var/lib/hal0/models/m2', '/var/lib/hal0/slots/a/x', '/root/x']) {
      expect([path, (await host.exec(['test', '-e', path])).code]).toEqual([path, 1])
    }
  })

  withHost('a slot’s unit has the limits and the way to end that the API counts on', async () => {
    const properties =
      'LimitMEMLOCK,LimitCORE,OOMPolicy,Restart,TimeoutStopUSec,IPAddressDeny,IPAddressAllow,DevicePolicy'
    const shown = await host.must(['systemctl', 'show', `--property=${properties}`, 'hal0-slot@a'])
    // The order in which systemd prints the addresses is not fixed.
    const sorted = shown
      .trim()
      .split('\n')
      .map((line) =>
        line.replace(
          /^(IPAddress\w+=)(.*)$/,
          (_, name: string, list: string) => name + list.split(' ').sort().join(' '),
        ),
      )
    expect(sorted.sort()).toEqual([
      'DevicePolicy=closed',
      'IPAddressAllow=127.0.0.0/8 ::1/128',
      'IPAddressDeny=0.0.0.0/0 ::/0',
      'LimitCORE=0',
      'LimitMEMLOCK=infinity',
      'OOMPolicy=stop',
      'Restart=no',
      'TimeoutStopUSec=10s',
    ])
  })

  withHost('systemd-analyze rates the API at most 2.0 and a slot at most 2.5', async () => {
    const exposure = async (unit: string): Promise<number> => {
      const text = await host.must(['systemd-analyze', 'security', '--no-pager', unit])
      return Number(/Overall exposure level for \S+: ([\d.]+)/.exec(text)?.[1] ?? Number.NaN)
    }
    expect(await exposure('hal0.service')).toBeLessThanOrEqual(2.0)
    expect(await exposure('hal0-slot@a.service')).toBeLessThanOrEqual(2.5)
  })
})
