import { describe, expect, test } from 'bun:test'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Access } from '../../src/access/access.ts'
import { KeyStore } from '../../src/access/keys/key-store.ts'
import { tempDir } from '../support/temp-dir.ts'

const codeOf = (made: Promise<unknown>): Promise<string> =>
  made.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

describe('a key', () => {
  test('is hal0_ and 43 characters of base64url, and no two are the same', async () => {
    const store = await KeyStore.open(tempDir())
    const made = await Promise.all(['a', 'b', 'c'].map((name) => store.create({ name, scope: 'infer' })))
    for (const { key, prefix } of made) {
      expect(key).toMatch(/^hal0_[A-Za-z0-9_-]{43}$/)
      expect(key.startsWith(prefix)).toBe(true)
      expect(prefix).toHaveLength(10)
    }
    expect(new Set(made.map(({ key }) => key)).size).toBe(3)
  })

  test('is on the disk only as its hash, in a file for nobody else', async () => {
    const data = tempDir()
    const store = await KeyStore.open(data)
    const { key } = await store.create({ name: 'phone', scope: 'infer' })
    const file = join(data, 'keys.json')
    expect(readFileSync(file, 'utf8')).not.toContain(key.slice(10))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(JSON.stringify(store.list())).not.toContain(key.slice(10))
  })

  test('is found by the next daemon, with everything that it was made with', async () => {
    const data = tempDir()
    const wanted = {
      name: 'nightly',
      scope: 'infer',
      slots: ['primary'],
      priority: 'batch',
      expires_s: 3600,
      requests_per_minute: 5,
      tokens_per_day: 1000,
    } as const
    const { key } = await (await KeyStore.open(data)).create({ ...wanted, slots: [...wanted.slots] })
    const { name, scope, slots, priority, requests_per_minute, tokens_per_day } =
      (await KeyStore.open(data)).find(key) ?? {}
    expect({ name, scope, slots, priority, requests_per_minute, tokens_per_day }).toEqual({
      name: 'nightly',
      scope: 'infer',
      slots: ['primary'],
      priority: 'batch',
      requests_per_minute: 5,
      tokens_per_day: 1000,
    })
  })

  test('is no longer one once it has expired or was revoked', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z')
    const store = await KeyStore.open(tempDir(), { now: () => now })
    const { key } = await store.create({ name: 'guest', scope: 'infer', expires_s: 60 })
    now += 59_999
    expect(store.find(key)?.name).toBe('guest')
    now += 1
    expect(store.find(key)).toBeNull()
    const other = await store.create({ name: 'other', scope: 'infer' })
    await store.revoke('other')
    expect(store.find(other.key)).toBeNull()
    expect(store.list().map(({ name }) => name)).toEqual(['guest'])
  })

  test('has a name of its own, and can be revoked once', async () => {
    const store = await KeyStore.open(tempDir())
    await store.create({ name: 'phone', scope: 'infer' })
    expect(await codeOf(store.create({ name: 'phone', scope: 'admin' }))).toBe('key.exists')
    expect(await codeOf(store.revoke('phone'))).toBe('done')
    expect(await codeOf(store.revoke('phone'))).toBe('key.not_found')
    expect(await codeOf(store.create({ name: 'phone', scope: 'admin' }))).toBe('done')
  })

  test('that may do everything is not bound to slots', async () => {
    const store = await KeyStore.open(tempDir())
    expect(await codeOf(store.create({ name: 'x', scope: 'admin', slots: ['primary'] }))).toBe('request.invalid')
  })
})

test('what a command changes in the file, while a daemon that it does not see yet has read it, counts', async () => {
  const data = tempDir()
  const daemon = await KeyStore.open(data)
  const ended: string[] = []
  daemon.revoked.subscribe((name) => ended.push(name))
  const first = await daemon.create({ name: 'first', scope: 'infer' })
  const command = await KeyStore.open(data)
  const second = await command.create({ name: 'second', scope: 'infer' })
  expect(daemon.list().map(({ name }) => name)).toEqual(['first', 'second'])
  expect(daemon.find(second.key)?.name).toBe('second')
  await daemon.create({ name: 'third', scope: 'infer' })
  await command.revoke('first')
  expect(daemon.list().map(({ name }) => name)).toEqual(['second', 'third'])
  expect([daemon.find(first.key), ended]).toEqual([null, ['first']])
})

test('a damaged file of keys lets nobody in, is moved aside and told', async () => {
  const data = tempDir()
  const { key } = await (await KeyStore.open(data)).create({ name: 'phone', scope: 'admin' })
  const file = join(data, 'keys.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"scope": "admin"', '"scope": "root"'))
  const access = await Access.open(data, 'auto')
  expect(access.keyOf(key)).toBeNull()
  expect(access.problems()[0]).toContain('hal0 key create')
  await access.close()
})

test('open access is told for as long as it is so', async () => {
  const access = await Access.open(tempDir(), 'open')
  expect(access.problems()).toEqual([expect.stringContaining('auth = "open"')])
  await access.close()
})
