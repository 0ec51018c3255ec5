import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { readDaemonAddress, recordDaemonAddress } from '../../src/system/daemon-address.ts'
import { tempDir } from '../support/temp-dir.ts'

const url = 'http://127.0.0.1:8123'

/** What a daemon in this very process would have written. */
const written = async (data: string): Promise<Record<string, unknown>> => {
  await using _address = await recordDaemonAddress(data, url)
  return JSON.parse(readFileSync(join(data, 'daemon.json'), 'utf8')) as Record<string, unknown>
}

describe('the address of the daemon', () => {
  test('is found while the daemon runs, and is gone afterwards', async () => {
    const data = tempDir()
    {
      await using _address = await recordDaemonAddress(data, url)
      expect(readDaemonAddress(data)).toEqual({ url, pid: process.pid, socket: null })
    }
    expect(readDaemonAddress(data)).toBeNull()
    expect(existsSync(join(data, 'daemon.json'))).toBe(false)
  })

  test('may be read by every user, whatever the umask of the service is', async () => {
    const data = tempDir()
    const before = process.umask(0o077)
    try {
      await using _address = await recordDaemonAddress(data, url)
      expect(statSync(join(data, 'daemon.json')).mode & 0o777).toBe(0o644)
    } finally {
      process.umask(before)
    }
  })

  const stale: [string, Record<string, unknown>][] = [
    ['a process that has ended', { pid: 2 ** 22 + 1 }],
    ['a process whose pid was given to another one', { start_time: 1 }],
    ['an earlier boot', { boot_id: '00000000-0000-0000-0000-000000000000' }],
    ['a container that was started again', { init_start: -1 }],
  ]
  for (const [of, change] of stale) {
    test(`is not believed when it is of ${of}`, async () => {
      const data = tempDir()
      const record = await written(data)
      writeFileSync(join(data, 'daemon.json'), JSON.stringify({ ...record, ...change }))
      expect(readDaemonAddress(data)).toBeNull()
    })
  }

  test('is still read when a newer hal0 has written more', async () => {
    const data = tempDir()
    writeFileSync(join(data, 'daemon.json'), JSON.stringify({ ...(await written(data)), socket: '/run/x' }))
    expect(readDaemonAddress(data)).toEqual({ url, pid: process.pid, socket: null })
  })

  for (const foreign of [
    'http://192.0.2.7:8080',
    'http://hub.example',
    'http://127.0.0.1@192.0.2.7',
    'http://[2001:db8::1]:80',
  ]) {
    test(`is not believed when it is ${foreign}, another machine's`, async () => {
      const data = tempDir()
      writeFileSync(join(data, 'daemon.json'), JSON.stringify({ ...(await written(data)), url: foreign }))
      expect(readDaemonAddress(data)).toBeNull()
    })
  }

  test('may be an address that this machine has in its network', async () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    const address = own.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'
    const data = tempDir()
    writeFileSync(join(data, 'daemon.json'), JSON.stringify({ ...(await written(data)), url: `http://${address}:9` }))
    expect(readDaemonAddress(data)?.url).toBe(`http://${address}:9`)
  })

  for (const [what, text] of [
    ['half of a record', '{"url":"http://127'],
    ['another address than one of HTTP', null],
    ['nothing', ''],
    ['a novel', 'x'.repeat(10_000)],
  ] as const) {
    test(`is not known when the file has ${what}`, async () => {
      const data = tempDir()
      const record = await written(data)
      writeFileSync(join(data, 'daemon.json'), text ?? JSON.stringify({ ...record, url: 'file:///etc/passwd' }))
      expect(readDaemonAddress(data)).toBeNull()
    })
  }

  test('is not waited for when a pipe is in the place of the file', () => {
    const data = tempDir()
    expect(Bun.spawnSync(['mkfifo', join(data, 'daemon.json')]).exitCode).toBe(0)
    expect(readDaemonAddress(data)).toBeNull()
  })

  test('does not keep a daemon from starting when it cannot be written', async () => {
    await using _address = await recordDaemonAddress('/proc/nowhere', url)
    expect(readDaemonAddress('/proc/nowhere')).toBeNull()
  })
})
