/** hal0 set up, checked and removed on a real systemd, with the compiled executable. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test'
import packageJson from '../../package.json' with { type: 'json' }
import { testWith } from '../support/part.ts'
import { hasSystemdHost, SystemdHost } from '../support/systemd-host.ts'
import { added, details, names } from './host-names.ts'

setDefaultTimeout(120_000)
const withHost = testWith('root and systemd', hasSystemdHost)

/** Writes a shell script to `path`. */
const putProgram = (host: SystemdHost, path: string, text: string): Promise<string> =>
  host.must(['sh', '-c', 'printf "%s\\n" "$2" > "$1" && chmod 755 "$1"', 'sh', path, text])

interface Finding {
  check: string
  problem: string
  command: string | null
}
/** A stand-in for the hub, which is not reachable from a host of its own. */
const hub = { HF_ENDPOINT: 'http://127.0.0.1:9999' }
const startHub = async (host: SystemdHost): Promise<void> => {
  await host.must(['systemd-run', '--unit=hub', 'python3', '-m', 'http.server', '--bind', '127.0.0.1', '9999'])
  await host.until('the hub answers', async () => (await host.exec(['curl', '-s', hub.HF_ENDPOINT])).code === 0)
}
const doctor = async (host: SystemdHost, ...flags: string[]): Promise<{ code: number; findings: Finding[] }> => {
  const { code, stdout, stderr } = await host.exec(['hal0', 'doctor', '--json', ...flags], { env: hub })
  if (stdout === '') throw new Error(stderr)
  return { code, findings: JSON.parse(stdout) as Finding[] }
}

describe.if(hasSystemdHost || process.env.CI === 'true')('an installation of the machine', () => {
  let host: SystemdHost
  let before: string[]
  const write = (path: string, text: string) => host.must(['sh', '-c', 'printf "%s" "$2" > "$1"', 'sh', path, text])
  const mainPid = (unit: string) => host.must(['systemctl', 'show', '--property=MainPID', '--value', unit])

  beforeAll(async () => {
    if (!hasSystemdHost) return
    host = await SystemdHost.start()
    // A stand-in for timedatectl: a test machine may have no time service.
    await putProgram(host, '/usr/bin/timedatectl', '#!/bin/sh\necho yes')
    // A stand-in for an engine, which only has to be found here.
    await putProgram(host, '/usr/local/bin/llama-server', '#!/bin/sh')
    await startHub(host)
    before = await names(host)
  })
  afterAll(async () => host?.stop())

  withHost('is announced by --dry-run, which changes nothing', async () => {
    const { code, stdout } = await host.exec([host.binary, 'setup', '--dry-run'])
    expect(code).toBe(0)
    const expected = [
      'make the user hal0-slot',
      '/usr/lib/hal0/',
      '/usr/bin/hal0',
      '50-hal0.rules',
      'start hal0.service',
    ]
    expect(expected.filter((part) => !stdout.includes(part))).toEqual([])
    expect(await names(host)).toEqual(before)
    expect((await host.exec(['getent', 'passwd', 'hal0'])).code).toBe(2)
  })

  withHost('is refused without a terminal to ask on, and without root', async () => {
    const unasked = await host.exec([host.binary, 'setup'])
    expect([unasked.code, unasked.stderr]).toEqual([1, expect.stringContaining('--yes')])
    const other = await host.exec([host.binary, 'setup', '--yes'], { user: 'daemon' })
    expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/sudo \S*hal0 setup/)])
    expect(await names(host)).toEqual(before)
  })

  withHost('is made in one go, and the API answers', async () => {
    // Root's umask may be anything.
    const { code, stdout, stderr } = await host.exec([
      'sh',
      '-c',
      'umask 077; exec "$1" setup --yes',
      'sh',
      host.binary,
    ])
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('Error')])
    expect(stdout).toContain('http://127.0.0.1:8080')
    const status = await host.must(['systemctl', 'status', '--no-pager', 'hal0'])
    expect(status).toContain('active (running)')
    const executable = await host.must(['readlink', `/proc/${(await mainPid('hal0')).trim()}/exe`])
    expect(executable).toBe(`/usr/lib/hal0/${packageJson.version}/hal0\n`)
    expect(await host.must(['hal0', 'status', '--json'])).toContain('"url"')
    expect(await host.must(['systemctl', 'show', '--property=User', '--value', 'hal0'])).toBe('hal0\n')
    expect((await host.must(['id', '-nG', 'hal0-slot'])).split(/\s/)).toContain('video')
  })

  withHost('has its folders with owners and modes', async () => {
    const folders = [
      '/etc/hal0',
      '/etc/hal0/slots',
      ...['', '/slots', '/models', '/engines'].map((at) => `/var/lib/hal0${at}`),
    ]
    expect((await host.must(['stat', '--format=%n %U:%G %a', ...folders, '/usr/lib/hal0'])).trim().split('\n')).toEqual(
      [
        '/etc/hal0 hal0:hal0 750',
        '/etc/hal0/slots hal0:hal0 750',
        '/var/lib/hal0 hal0:hal0 755',
        '/var/lib/hal0/slots hal0:hal0-slot 2750',
        '/var/lib/hal0/models hal0:hal0-slot 2750',
        '/var/lib/hal0/engines hal0:hal0-slot 2750',
        '/usr/lib/hal0 root:root 755',
      ],
    )
  })

  withHost('is left alone by a second setup, down to the times of its files', async () => {
    const [was, pid] = [await details(host), await mainPid('hal0')]
    expect(await host.must(['hal0', 'setup', '--yes'])).toContain('Nothing to do')
    expect(await details(host)).toEqual(was)
    expect(await mainPid('hal0')).toBe(pid)
  })

  withHost('is in order for doctor', async () => {
    expect(await doctor(host)).toEqual({ code: 0, findings: [] })
    expect(await host.must(['hal0', 'doctor'], { env: hub })).toBe('Nothing is wrong.\n')
  })

  withHost('has what drifted found and mended by doctor: units, owners, rights, groups', async () => {
    const slotUnit = '/etc/systemd/system/hal0-slot@.service'
    const unit = await host.must(['cat', slotUnit])
    await write(slotUnit, unit.replace('User=hal0-slot', 'User=root'))
    await host.must(['rm', '/etc/polkit-1/rules.d/50-hal0.rules'])
    await host.must(['chmod', '0777', '/var/lib/hal0/models'])
    await write('/etc/hal0/slots/main.toml', 'port = 8095\n')
    await host.must(['gpasswd', '--delete', 'hal0-slot', 'video'])
    await host.must(['sh', '-c', 'echo hf_x > /etc/hal0/hf-token && chmod 644 /etc/hal0/hf-token'])
    const { code, findings } = await doctor(host)
    expect(code).toBe(1)
    expect(findings.map(({ check }) => check).sort()).toEqual([
      'GPU access',
      'hub token',
      'owners',
      'owners',
      'polkit',
      'units',
    ])
    const pid = await mainPid('hal0')
    expect(await doctor(host, '--fix')).toEqual({ code: 0, findings: [] })
    expect(await host.must(['cat', slotUnit])).toBe(unit)
    const shown = ['show', '--property=User,NeedDaemonReload', 'hal0-slot@main']
    expect((await host.must(['systemctl', ...shown])).trim().split('\n').sort()).toEqual([
      'NeedDaemonReload=no',
      'User=hal0-slot',
    ])
    expect(await host.must(['stat', '--format=%U', '/etc/hal0/slots/main.toml'])).toBe('hal0\n')
    expect(await host.must(['stat', '--format=%U %a', '/etc/hal0/hf-token'])).toBe('hal0 600\n')
    expect(await mainPid('hal0')).toBe(pid)
  })

  withHost('with a drifted unit of the API is mended by doctor up to the restart, which is setup’s', async () => {
    await host.must(['sh', '-c', 'echo Nice=5 >> /etc/systemd/system/hal0.service'])
    expect((await doctor(host)).findings.map(({ check }) => check)).toEqual(['units'])
    const { findings } = await doctor(host, '--fix')
    expect(findings.map(({ problem }) => problem)).toEqual([expect.stringContaining('runs from older files')])
    const pid = await mainPid('hal0')
    await host.must(['hal0', 'setup', '--yes'])
    expect(await mainPid('hal0')).not.toBe(pid)
    expect(await doctor(host)).toEqual({ code: 0, findings: [] })
  })

  withHost('is told who has its port, and what slots cannot read', async () => {
    await host.must(['systemd-run', '--unit=squatter', 'python3', '-m', 'http.server', '8095'])
    await host.must([
      'sh',
      '-c',
      'mkdir /var/lib/hal0/models/m && ln -s /root/m.gguf /var/lib/hal0/models/m/ && touch /root/m.gguf',
    ])
    await doctor(host, '--fix')
    await host.until('the port is taken', async () => (await doctor(host)).findings.length === 2)
    const { findings } = await doctor(host)
    expect(findings.map(({ problem }) => problem)).toEqual([
      expect.stringMatching(
        /^Port 8095 of slot main is taken by ".*python3.* -m http\.server 8095" \(process \d+, squatter\.service\)\.$/,
      ),
      expect.stringContaining('m.gguf leads to /root/m.gguf, which slots do not see'),
    ])
    await host.must(['systemctl', 'stop', 'squatter'])
    // The command of the finding, as it is printed, puts a copy in the place of the link.
    await host.must(['sh', '-c', findings.find(({ check }) => check === 'files')?.command ?? 'false'])
    expect(await host.must(['stat', '--format=%F %U:%G %a', '/var/lib/hal0/models/m/m.gguf'])).toBe(
      'regular empty file hal0:hal0-slot 640\n',
    )
    expect((await doctor(host)).code).toBe(0)
    await host.must(['rm', '-r', '/var/lib/hal0/models/m'])
  })

  withHost('says why its API does not answer, when setup waits in vain', async () => {
    await write('/etc/hal0/hal0.toml', 'port = "none"\n')
    await host.must(['sh', '-c', 'echo Nice=5 >> /etc/systemd/system/hal0.service'])
    const { code, stderr } = await host.exec(['hal0', 'setup', '--yes'])
    expect(code).toBe(1)
    expect(stderr).toContain('hal0.toml is not valid')
    await write('/etc/hal0/hal0.toml', '')
    await host.must(['hal0', 'setup', '--yes'])
    expect(await doctor(host)).toEqual({ code: 0, findings: [] })
  })

  withHost('has its slots’ unit mended by setup while a slot runs, which goes on, as the API does', async () => {
    const launch = JSON.stringify({
      argv: ['/usr/bin/sleep', '1000'],
      env: {},
      cwd: '/',
      boot_id: null,
      init_start: null,
      started_at: 1,
    })
    await host.must(['install', '-d', '-o', 'hal0', '-g', 'hal0-slot', '-m', '2750', '/var/lib/hal0/slots/other'])
    await write('/var/lib/hal0/slots/other/launch.json', launch)
    await host.must(['chown', 'hal0:hal0-slot', '/var/lib/hal0/slots/other/launch.json'])
    await host.must(['systemctl', 'start', 'hal0-slot@other'])
    const [api, slot] = [await mainPid('hal0'), await mainPid('hal0-slot@other')]
    await host.must(['sh', '-c', 'echo Nice=5 >> /etc/systemd/system/hal0-slot@.service'])
    await host.must(['hal0', 'setup', '--yes'])
    expect(await mainPid('hal0')).toBe(api)
    expect(await mainPid('hal0-slot@other')).toBe(slot)
    expect(slot.trim()).not.toBe('0')
    expect((await doctor(host)).code).toBe(0)
  })

  withHost('leaves nothing but data after uninstall, and a setup finds it again', async () => {
    await host.must(['hal0', 'uninstall', '--yes'])
    const left = added(before, await names(host))
    expect(left.filter((name) => !/^\/(etc|var\/lib)\/hal0(\/|$)/.test(name))).toEqual([])
    expect(left).toContain('/etc/hal0/slots/main.toml')
    expect(added(await names(host), before)).toEqual([])
    // Nothing is running, has failed, or could be started again.
    expect(await host.must(['systemctl', 'list-units', '--no-legend', 'hal0*'])).toBe('')
    expect((await host.exec(['systemctl', 'list-unit-files', '--no-legend', 'hal0*'])).stdout).toBe('')
    const again = await host.must([host.binary, 'uninstall', '--yes'])
    expect(again).toContain('Nothing to do')
    await host.must([host.binary, 'setup', '--yes'])
    expect(await host.must(['cat', '/etc/hal0/slots/main.toml'])).toBe('port = 8095\n')
  })

  withHost('leaves nothing at all after uninstall --purge', async () => {
    const unasked = await host.exec(['hal0', 'uninstall', '--purge'])
    expect([unasked.code, unasked.stderr]).toEqual([1, expect.stringContaining('Nothing was changed')])
    await host.must(['hal0', 'uninstall', '--yes', '--purge'])
    expect(await names(host)).toEqual(before)
    for (const name of ['hal0', 'hal0-slot']) {
      for (const database of ['passwd', 'group']) expect((await host.exec(['getent', database, name])).code).toBe(2)
    }
  })
})

describe.if(hasSystemdHost || process.env.CI === 'true')('an installation of a user', () => {
  let host: SystemdHost
  const as = { user: 'ann', env: { HOME: '/home/ann' } }
  const find = async () => (await host.must(['find', '/home/ann'])).split('\n').filter(Boolean).sort()
  const mine = '/home/ann/.local/bin/hal0'

  beforeAll(async () => {
    if (!hasSystemdHost) return
    host = await SystemdHost.start()
    await host.must(['useradd', '--create-home', '--uid', '4243', 'ann'])
    // logind, which handles lingering, does not run on this host: its marker file stands in for it.
    await host.must(['sh', '-c', 'mkdir -p /var/lib/systemd/linger && touch /var/lib/systemd/linger/ann'])
  })
  afterAll(async () => host?.stop())

  withHost('needs a manager of the user’s own', async () => {
    const { code, stderr } = await host.exec([host.binary, 'setup', '--user', '--yes'], as)
    expect([code, stderr]).toEqual([1, expect.stringContaining('loginctl enable-linger ann')])
  })

  withHost('is set up without root, runs, and goes again', async () => {
    await host.must(['systemctl', 'start', 'user@4243'])
    const before = await find()
    const dry = await host.must([host.binary, 'setup', '--user', '--dry-run'], as)
    expect(dry).toContain(`link ${mine}`)
    expect(await find()).toEqual(before)
    await host.must([host.binary, 'setup', '--user', '--yes'], as)
    expect(await host.must([mine, 'status', '--json'], as)).toContain('"url"')
    expect(await host.must([mine, 'setup', '--user', '--yes'], as)).toContain('Nothing to do')
    const { stdout } = await host.exec([mine, 'doctor', '--json'], as)
    const checks = (JSON.parse(stdout) as Finding[]).map(({ check }) => check)
    // What this host lacks: an engine, a time service and the hub.
    expect(checks.filter((check) => !['engine', 'clock', 'hub'].includes(check))).toEqual([])
    await host.must([mine, 'uninstall', '--yes', '--purge'], as)
    // Shared folders that setup had to create stay.
    expect(
      added(before, await find()).filter((name) => !/\/\.(config|local)(\/(systemd|user|bin|lib|share))*$/.test(name)),
    ).toEqual([])
  })
})

describe.if(hasSystemdHost || process.env.CI === 'true')('lingering, kept by a real logind', () => {
  let host: SystemdHost
  const as = { user: 'bea', env: { HOME: '/home/bea' } }
  const mine = '/home/bea/.local/bin/hal0'

  beforeAll(async () => {
    if (!hasSystemdHost) return
    host = await SystemdHost.start()
    await host.must(['useradd', '--create-home', '--uid', '4244', 'bea'])
    await host.must(['rm', '/etc/systemd/system/systemd-logind.service'])
    await host.must(['systemctl', 'daemon-reload'])
    await host.must(['systemctl', 'start', 'systemd-logind', 'user@4244'])
  })
  afterAll(async () => host?.stop())

  withHost('is switched on by setup, brings hal0 up without anybody logged in, and doctor misses it', async () => {
    const mark = '/var/lib/systemd/linger/bea'
    expect((await host.exec(['ls', mark])).code).not.toBe(0)
    await host.must([host.binary, 'setup', '--user', '--yes'], as)
    await host.must(['ls', mark])
    // As at boot: logind starts the manager of a lingering user.
    await host.must(['systemctl', 'stop', 'user@4244'])
    expect((await host.exec([mine, 'status'], as)).code).toBe(3)
    await host.must(['systemctl', 'restart', 'systemd-logind'])
    await host.until('hal0 answers', async () => (await host.exec([mine, 'status'], as)).code === 0)

    const doubts = async () => {
      const { stdout } = await host.exec([mine, 'doctor', '--json'], as)
      return (JSON.parse(stdout) as Finding[]).filter(({ check }) => check === 'lingering')
    }
    expect(await doubts()).toEqual([])
    await host.must(['loginctl', 'disable-linger', 'bea'])
    await host.must(['systemctl', 'start', 'user@4244'])
    expect(await doubts()).toMatchObject([{ advice: expect.stringContaining('loginctl enable-linger bea') }])
  })
})
