/**
 * hal0 as an appliance, from the compiled executable with its real units, users and sandboxes. Runs inside a test host
 * (appliance.test.ts starts it there), as root, after `hal0 setup --yes`.
 */
import { afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Slot } from '../../src/contract/slot-config.ts'
import { call, must, sh, slot, until, url, withSystemctl } from './on-host.ts'

setDefaultTimeout(120_000)
/** Every other one a kill, every other one a restart. */
const rounds = process.env.HAL0_LONG === '1' ? 100 : 50

/** A folder that the backends' user may read, and the sandbox does not hide. */
const shared = '/opt/hal0-test'

const logLines = (name: string): Promise<string[]> => call('GET', `/api/slots/${name}/logs`)
const chat = (model = 'primary'): Promise<{ choices: unknown[] }> =>
  call('POST', '/v1/chat/completions', { model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 4 })
const served = () => chat().then(() => true)
const apiPid = (): number => Number(must('systemctl', 'show', 'hal0', '--property=MainPID', '--value'))
const propertyOf = (unit: string, name: string): string =>
  must('systemctl', 'show', unit, `--property=${name}`, '--value')

/** The real llama.cpp, where appliance.test.ts put it. */
const engine = process.env.HAL0_TEST_ENGINE ?? ''

const program = (name: string, script: string): string => {
  const path = join(shared, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

beforeAll(async () => {
  mkdirSync(shared, { recursive: true, mode: 0o755 })
  chmodSync(shared, 0o755)
  await until('the API answers', 10_000, async () => (await fetch(`${url}/api/health`)).ok)
  await call('POST', '/api/slots', { name: 'primary', model: 'tiny', engine, load: 'on-demand', restart: 'never' })
})

afterEach(async () => {
  // Whatever a test did to a slot: back to offline.
  for (const { config } of await call<Slot[]>('GET', '/api/slots')) {
    await call('POST', `/api/slots/${config.name}/unload?wait=20`).catch(() => null)
    await call('POST', `/api/slots/${config.name}/acknowledge?wait=20`).catch(() => null)
  }
})

describe('a slot with the real llama.cpp', () => {
  test('is a unit, in its sandbox, and answers', async () => {
    expect((await call<{ supervisor: string }>('GET', '/api/status')).supervisor).toBe('systemd')
    await call('POST', '/api/slots/primary/load?wait=60')
    const { pid, unit, state } = await slot()
    expect(state).toBe('ready')
    expect(unit).toBe('hal0-slot@primary.service')
    expect(Number(propertyOf(unit ?? '', 'MainPID'))).toBe(pid ?? -1)
    expect((await chat()).choices).toHaveLength(1)
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const uid = must('id', '-u', 'hal0-slot')
    expect(status).toMatch(new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'))
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    expect(await logLines('primary')).not.toEqual([])
  })

  test('sees neither configuration nor database nor the launch of another slot', async () => {
    await call('POST', '/api/slots/primary/load?wait=60')
    const { pid } = await slot()
    const inside = (path: string) =>
      sh(
        'nsenter',
        '-t',
        String(pid),
        '-m',
        'setpriv',
        '--reuid=hal0-slot',
        '--regid=hal0-slot',
        '--init-groups',
        'cat',
        path,
      )
    mkdirSync('/var/lib/hal0/slots/other', { recursive: true })
    writeFileSync('/var/lib/hal0/slots/other/launch.json', '{}')
    for (const path of [
      '/etc/hal0/hal0.toml',
      '/etc/hal0/slots/primary.toml',
      '/var/lib/hal0/hal0.db',
      '/var/lib/hal0/slots/other/launch.json',
    ]) {
      expect([path, inside(path).code]).not.toEqual([path, 0])
    }
    rmSync('/var/lib/hal0/slots/other', { recursive: true })
    expect(inside('/var/lib/hal0/slots/primary/launch.json').code).toBe(0)
    const touch = sh(
      'nsenter',
      '-t',
      String(pid),
      '-m',
      'setpriv',
      '--reuid=hal0-slot',
      '--regid=hal0-slot',
      '--init-groups',
      'touch',
      '/var/lib/hal0/models/x',
    )
    expect(touch.code).not.toBe(0)
  })

  test('keeps its process while the API is killed or restarted fifty times under load, and is served again within two seconds', async () => {
    await call('POST', '/api/slots/primary/load?wait=60')
    const { pid } = await slot()
    let running = true
    const counts = { answered: 0, failed: 0 }
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (running) {
          await chat().then(
            () => counts.answered++,
            () => counts.failed++,
          )
          await Bun.sleep(5)
        }
      }),
    )
    const gaps: number[] = []
    for (let round = 0; round < rounds; round++) {
      const before = apiPid()
      if (round % 2 === 0) process.kill(before, 'SIGKILL')
      else must('systemctl', 'restart', 'hal0')
      const began = performance.now()
      await until('another API', 5000, () => apiPid() !== before && apiPid() > 0)
      await until('served again', 5000, served)
      gaps.push(performance.now() - began)
    }
    running = false
    await load
    const sorted = gaps.toSorted((a, b) => a - b).map(Math.round)
    const middle = sorted[Math.floor(rounds / 2)]
    console.log(
      `served again after: median ${middle} ms, longest ${sorted.at(-1)} ms; ${counts.answered} answers, ${counts.failed} failures meanwhile`,
    )
    expect(counts.answered).toBeGreaterThan(50)
    expect((await slot()).pid).toBe(pid)
    expect(Math.max(...gaps)).toBeLessThan(4000)
    expect(middle).toBeLessThan(2000)
  })

  test('that is killed is reported within a quarter of a second, with its signal and last lines', async () => {
    await call('POST', '/api/slots/primary/load?wait=60')
    const { pid } = await slot()
    process.kill(pid ?? 0, 'SIGKILL')
    const tookMs = await until('the death is known', 3000, async () => (await slot()).state === 'error')
    console.log(`a killed backend was told after ${Math.round(tookMs)} ms`)
    const { error } = await slot()
    expect(error).toMatchObject({ code: 'slot.crashed', details: { signal: 'SIGKILL' } })
    expect(JSON.stringify(error?.details)).toContain('last_lines')
    expect(tookMs).toBeLessThan(1000)
  })
})

test('a backend reaches loopback and no other address', async () => {
  // An address of the host itself that is not in the loopback range: only the unit's filter tells them apart.
  must('ip', 'address', 'add', '10.9.9.9/32', 'dev', 'lo')
  const servers = ['10.9.9.9', '127.0.0.1'].map((hostname) =>
    Bun.listen({ hostname, port: 9999, socket: { data() {} } }),
  )
  const attempt = [
    'import socket',
    'for host in ("127.0.0.1", "10.9.9.9"):',
    '  try: socket.create_connection((host, 9999), 2); print(host, "reached", flush=True)',
    '  except OSError as error: print(host, type(error).__name__, flush=True)',
    'raise SystemExit(1)',
  ].join('\n')
  await call('POST', '/api/slots', {
    name: 'net',
    model: 'tiny',
    engine: program('net', `exec /usr/bin/python3 -c '${attempt}'`),
  })
  await call('POST', '/api/slots/net/load?wait=20').catch(() => null)
  const { error } = await slot('net')
  for (const server of servers) server.stop(true)
  must('ip', 'address', 'delete', '10.9.9.9/32', 'dev', 'lo')
  expect(error?.details?.last_lines).toEqual([
    '127.0.0.1 reached',
    expect.stringMatching(/^10\.9\.9\.9 (PermissionError|TimeoutError|timeout)$/),
  ])
  await call('POST', '/api/slots/net/acknowledge?wait=20')
  await call('DELETE', '/api/slots/net')
})

describe('a backend that is not well', () => {
  const make = (name: string, script: string, settings: object = {}) =>
    call('POST', '/api/slots', { name, model: 'tiny', engine: program(name, script), ...settings })
  const remove = async (name: string): Promise<void> => {
    await call('POST', `/api/slots/${name}/acknowledge?wait=20`).catch(() => null)
    await call('DELETE', `/api/slots/${name}`)
  }

  test('and exits at once is reported with its code and what it printed', async () => {
    await make('exits', 'echo "no such device" >&2; exit 3')
    await call('POST', '/api/slots/exits/load?wait=20').catch(() => null)
    expect((await slot('exits')).error).toMatchObject({
      code: 'slot.crashed',
      details: { exit_code: 3, last_lines: ['no such device'] },
    })
    await remove('exits')
  })

  test('and does not end on SIGTERM is killed by systemd, since the API may not', async () => {
    await make('hangs', 'trap "" TERM; echo deaf; while :; do sleep 0.1; done')
    await call('POST', '/api/slots/hangs/load')
    const mainPid = () => Number(propertyOf('hal0-slot@hangs', 'MainPID'))
    await until('it does not hear', 5000, async () => (await logLines('hangs')).includes('deaf'))
    const pid = mainPid()
    const began = performance.now()
    await call('POST', '/api/slots/hangs/cancel?wait=40')
    await until('it is gone', 30_000, () => !existsSync(`/proc/${pid}`))
    console.log(`a backend that ignores SIGTERM was gone after ${Math.round(performance.now() - began)} ms`)
    await until('offline', 5000, async () => (await slot('hangs')).state === 'offline')
    await remove('hangs')
  })

  test('and cannot be executed is reported as such', async () => {
    const path = program('broken', '')
    writeFileSync(path, '#!/no/such/interpreter\n')
    await call('POST', '/api/slots', { name: 'broken', model: 'tiny', engine: path })
    await call('POST', '/api/slots/broken/load?wait=20').catch(() => null)
    expect((await slot('broken')).error).toMatchObject({ code: 'slot.spawn_failed' })
    await remove('broken')
  })
})

test('a launcher that is missing is reported as what systemd could not execute', async () => {
  const program = '/usr/lib/hal0/current/hal0'
  must('mv', program, `${program}.aside`)
  try {
    await call('POST', '/api/slots/primary/load?wait=20').catch(() => null)
    const { error } = await slot()
    expect(error).toMatchObject({ code: 'supervisor.failed', details: { status: 203 } })
    expect(error?.message).toContain('hal0 doctor')
  } finally {
    must('mv', `${program}.aside`, program)
  }
})

describe('systemctl that fails the API', () => {
  const ways: [string, string | null, RegExp][] = [
    ['is missing', null, /no systemctl/],
    ['refuses', 'echo "Access denied" >&2; exit 4', /polkit/],
    ['has no bus', 'echo "Failed to connect to bus: No such file or directory" >&2; exit 1', /D-Bus|systemd/],
    ['hangs', 'exec sleep 60', /did not answer/],
  ]
  for (const [way, script, sentence] of ways) {
    test(`because it ${way} becomes the slot's error, and everything else works`, async () => {
      await withSystemctl(script, async () => {
        const load = call('POST', '/api/slots/primary/load?wait=30').catch((error: unknown) => error)
        const began = performance.now()
        expect((await fetch(`${url}/api/health`)).ok).toBe(true)
        expect(performance.now() - began).toBeLessThan(500)
        await load
        const { state, error } = await slot()
        expect(state).toBe('error')
        expect(error).toMatchObject({ code: 'supervisor.failed' })
        expect(error?.message).toMatch(sentence)
      })
      await call('POST', '/api/slots/primary/acknowledge?wait=20')
      await call('POST', '/api/slots/primary/load?wait=60')
      expect((await chat()).choices).toHaveLength(1)
    })
  }

  test('while the API starts does not hinder it: the loaded slot is served', async () => {
    await call('POST', '/api/slots/primary/load?wait=60')
    const { pid } = await slot()
    await withSystemctl('exec sleep 60', async () => {
      const before = apiPidOf()
      process.kill(before, 'SIGKILL')
      await until('served again', 8000, async () => apiPidOf() !== before && (await served()))
    })
    expect((await slot()).pid).toBe(pid)
    // Watched again as soon as systemd answers.
    process.kill(pid ?? 0, 'SIGKILL')
    await until('its death is known', 30_000, async () => (await slot()).state === 'error')
  })
})

/** Without systemctl: the oldest process of the executable. */
const apiPidOf = (): number =>
  Number(
    readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .find((entry) => {
        try {
          return readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('hal0\0serve')
        } catch {
          return false
        }
      }) ?? 0,
  )

test('names that are not slot names reach neither a unit nor a path', async () => {
  const names = [
    '../../etc',
    'a b',
    'a;reboot',
    '$(id)',
    '-h',
    '--help',
    'A',
    'a_b',
    'x'.repeat(33),
    'a%n',
    'a@b',
    'ü',
    'a\\x2db',
    'a/b',
  ]
  for (const name of names) {
    const created = await fetch(`${url}/api/slots`, {
      unix: '/run/hal0/api.sock',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, model: 'tiny' }),
    })
    expect([name, created.status]).toEqual([name, 400])
    const loaded = await fetch(`${url}/api/slots/${encodeURIComponent(name)}/load`, {
      unix: '/run/hal0/api.sock',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect([name, loaded.status]).toEqual([name, 404])
  }
  expect(must('systemctl', 'list-units', '--all', '--plain', '--no-legend', 'hal0-slot@*')).not.toMatch(
    /reboot|etc|id\)/,
  )
})

test('arguments with quotes, newlines and dollars reach the backend as they are', async () => {
  const odd = ['a b', "'", '"', '$HOME', '$(id)', 'x\ny', '%i', ';', '*', 'ü']
  const seen = join(shared, 'seen')
  mkdirSync(seen, { recursive: true })
  chmodSync(seen, 0o777)
  // The sandbox lets a backend write only to its own output.
  await call('POST', '/api/slots', {
    name: 'odd',
    model: 'tiny',
    engine: program('odd', 'for word in "$@"; do printf "<%s>" "$word"; done; exit 1'),
    extra_args: odd,
  })
  await call('POST', '/api/slots/odd/load?wait=20').catch(() => null)
  const text = JSON.stringify((await slot('odd')).error?.details)
  for (const word of odd.filter((one) => !one.includes('\n')))
    expect(text).toContain(JSON.stringify(`<${word}>`).slice(1, -1))
  await call('POST', '/api/slots/odd/acknowledge?wait=20')
  await call('DELETE', '/api/slots/odd')
  expect(statSync(seen).isDirectory()).toBe(true)
})
