/** How long setup waits for the API, and what it says when the API does not answer. */
import { expect, test } from 'bun:test'
import { type HealthPort, waitHealthy } from '../../src/install/service/health.ts'
import { parseServiceState } from '../../src/install/service/service-state.ts'

/** A clock that only moves during sleeps. */
const port = (healthyAt: number, restartsAt: (ms: number) => number = () => 0) => {
  let now = 0
  const it: HealthPort = {
    answers: async () => now >= healthyAt,
    state: async () => parseServiceState(`ActiveState=activating\nSubState=auto-restart\nNRestarts=${restartsAt(now)}`),
    lastLines: async () => ['starting', 'Error: Port 8080 is taken.'],
    sleep: async (ms) => {
      now += ms
    },
    now: () => now,
  }
  return { port: it, now: () => now }
}

test('setup continues as soon as the API answers', async () => {
  const { port: it, now } = port(700)
  await waitHealthy(it)
  expect(now()).toBe(700)
})

test('setup gives up after 30 s, with what the API printed last', async () => {
  const { port: it, now } = port(Number.POSITIVE_INFINITY)
  const failure = await waitHealthy(it).catch((error: unknown) => error)
  expect(String(failure)).toContain('does not answer within 30 s: Error: Port 8080 is taken.')
  expect(now()).toBeGreaterThanOrEqual(30_000)
  expect(now()).toBeLessThan(31_000)
})

test('setup gives up earlier when the API ends again and again', async () => {
  const { port: it, now } = port(Number.POSITIVE_INFINITY, (ms) => 5 + Math.floor(ms / 200))
  const failure = await waitHealthy(it).catch((error: unknown) => error)
  expect(String(failure)).toContain('ends right after its start')
  expect(now()).toBeLessThan(4000)
})

test('setup gives up at once when systemd does not start the API again', async () => {
  const { port: it, now } = port(Number.POSITIVE_INFINITY)
  const failed = { ...it, state: async () => parseServiceState('ActiveState=failed\nSubState=failed\nNRestarts=0') }
  const failure = await waitHealthy(failed).catch((error: unknown) => error)
  expect(String(failure)).toContain('ends right after its start: Error: Port 8080 is taken.')
  expect(now()).toBe(0)
})
