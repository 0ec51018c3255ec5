import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyRecord } from '../../src/access/keys/key-file.ts'
import { KeyUsage } from '../../src/access/keys/key-usage.ts'
import { tempDir } from '../support/temp-dir.ts'

const start = Date.parse('2026-01-01T12:00:00Z')

const setUp = async (limits: Partial<KeyRecord> = {}) => {
  const data = tempDir()
  const clock = { now: start }
  const usage = await KeyUsage.open(data, () => clock.now)
  const key: KeyRecord = {
    name: 'phone',
    hash: '0'.repeat(64),
    prefix: 'hal0_abcde',
    scope: 'infer',
    slots: null,
    priority: null,
    requests_per_minute: null,
    tokens_per_day: null,
    created_at: new Date(start).toISOString(),
    expires_at: null,
    ...limits,
  }
  return { data, clock, usage, key }
}

describe('requests a minute', () => {
  test('are let through until they are used up, and then come back one by one', async () => {
    const { usage, key, clock } = await setUp({ requests_per_minute: 3 })
    expect([1, 2, 3, 4].map(() => usage.admit(key)?.code ?? null)).toEqual([null, null, null, 'auth.rate_limited'])
    expect(usage.admit(key)?.retryAfterS).toBe(20)
    clock.now += 19_999
    expect(usage.admit(key)?.status).toBe(429)
    clock.now += 1
    expect(usage.admit(key)).toBeNull()
    expect(usage.admit(key)?.message).toContain('3 requests a minute')
    clock.now += 3_600_000
    expect([1, 2, 3, 4].map(() => usage.admit(key) === null)).toEqual([true, true, true, false])
  })

  test('do not count for a key without a limit', async () => {
    const { usage, key } = await setUp()
    for (let count = 0; count < 1000; count++) expect(usage.admit(key)).toBeNull()
    expect(usage.of('phone').requests).toBe(1000)
  })

  test('are not given back by a clock that is set back', async () => {
    const { usage, key, clock } = await setUp({ requests_per_minute: 1 })
    expect(usage.admit(key)).toBeNull()
    clock.now -= 3_600_000
    expect(usage.admit(key)?.code).toBe('auth.rate_limited')
  })
})

test('tokens a day are new at midnight (UTC), and until then the key waits', async () => {
  const { usage, key, clock } = await setUp({ tokens_per_day: 100 })
  usage.admit(key)
  usage.spent('phone', 99)
  expect(usage.admit(key)).toBeNull()
  usage.spent('phone', 40)
  expect(usage.admit(key)).toMatchObject({ code: 'auth.rate_limited', retryAfterS: 12 * 3600 })
  clock.now += 12 * 3_600_000
  expect(usage.admit(key)).toBeNull()
  expect(usage.of('phone')).toMatchObject({ requests: 3, tokens: 139 })
})

test('figures survive the daemon, those of a revoked key do not, and nothing is written where nothing happened', async () => {
  const { data, usage, key } = await setUp()
  await usage.save()
  expect(existsSync(join(data, 'key-usage.json'))).toBe(false)
  usage.seen('phone')
  usage.admit(key)
  usage.spent('phone', 7)
  usage.seen('old')
  usage.forget('old')
  usage.spent('old', 5)
  await usage.close()
  const next = await KeyUsage.open(data)
  expect(next.of('phone')).toEqual({ last_used_at: '2026-01-01T12:00:00.000Z', requests: 1, tokens: 7 })
  expect(next.of('old')).toEqual({ last_used_at: null, requests: 0, tokens: 0 })
  await next.close()
})
