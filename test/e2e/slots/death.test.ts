/** The backend is killed in each state: the right state follows soon, with the right code and its end decoded. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import type { SlotState } from '../../../src/contract/slot.ts'
import { errorOf, killNow } from '../../support/daemon.ts'
import type { SeenRecord } from '../../support/slot-watch.ts'
import { setBehaviour, standInEventsOf } from '../../support/stand-in-llama.ts'
import { until } from '../../support/until.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

/** The contract is 250 ms; a busy machine gets four times that. */
const noticedWithinMs = 1000

const noticed = (during: string, killedAt: number, { at }: SeenRecord) => {
  console.log(`death while ${during}: told after ${Math.round(at - killedAt)} ms`)
  expect(at - killedAt).toBeLessThan(noticedWithinMs)
}
const now = () => performance.timeOrigin + performance.now()

/** Behaviours and settings that hold a slot in a state. */
const holds = {
  starting: [{ no_listen: true }, {}],
  warming: [{ never_ready: true }, {}],
  ready: [{}, {}],
  idle: [{}, { idle_timeout_s: 0.05 }],
} as const satisfies Partial<Record<SlotState, unknown>>

for (const state of ['starting', 'warming', 'ready', 'idle'] as const) {
  test(`if it is killed while ${state}, the slot is in error with slot.crashed and SIGKILL, and can be loaded again`, async () => {
    const [behaviour, settings] = holds[state]
    const { daemon, program, watch } = await startStandIn(behaviour, settings)
    await daemon.command('primary', 'load', null)
    const { record } = await watch.untilState(state)
    await until('it runs', () => standInEventsOf(program, 'start').length === 1)
    const from = watch.seen.length
    const killedAt = now()
    killNow(standInEventsOf(program, 'start')[0]?.pid ?? 0)
    const seen = await watch.untilState('error', { from })
    noticed(state, killedAt, seen)
    expect(seen.record.error).toMatchObject({ code: 'slot.crashed', details: { signal: 'SIGKILL', exit_code: null } })
    expect(seen.record.pid).toBeNull()
    const steps = watch.states().slice(-2)
    expect(steps).toEqual(state === 'idle' ? ['ready', 'error'] : [record.state, 'error'])
    expect(errorOf(await daemon.chat()).code).toBe('slot.crashed')
    setBehaviour(program, {})
    await daemon.load()
    expect((await daemon.chat()).status).toBe(200)
  })
}

test('if it is killed in the middle of a stream, the client sees a broken stream and never a clean end', async () => {
  const { daemon, program, watch } = await startStandIn({ tokens: 10_000, token_ms: 5 })
  const pid = await daemon.load()
  const response = await fetch(`${daemon.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'primary', messages: [], stream: true }),
  })
  const reader = response.body?.getReader()
  await reader?.read()
  await watch.untilState('serving')
  const killedAt = now()
  killNow(pid)
  const readOn = async () => {
    while ((await reader?.read())?.done === false);
  }
  await expect(readOn()).rejects.toThrow()
  const seen = await watch.untilState('error')
  noticed('serving', killedAt, seen)
  expect(seen.record.error?.details).toMatchObject({ signal: 'SIGKILL' })
  const decisions = await daemon.must<{ outcome: string; slot: string }[]>('GET', '/api/logs/decisions')
  expect(decisions[0]).toMatchObject({ outcome: 'broken', slot: 'primary' })
  expect(standInEventsOf(program, 'start')).toHaveLength(1)
})

test('if it is killed before the first byte of an answer, the client gets the error of the slot', async () => {
  const { daemon, program, watch } = await startStandIn({ tokens: 1000, token_ms: 10 })
  const pid = await daemon.load()
  const asked = standInEventsOf(program, 'request').length
  const answer = daemon.chat({ max_tokens: 1000 })
  await until('it is at the backend', () => standInEventsOf(program, 'request').length > asked)
  killNow(pid)
  const { record } = await watch.untilState('error')
  expect(errorOf(await answer)).toEqual(record.error as never)
})

test('if it is killed while unloading, the slot is offline as requested', async () => {
  const { daemon, program, watch } = await startStandIn({ hang_on_sigterm: true })
  const pid = await daemon.load()
  await daemon.command('primary', 'unload', null)
  await until('it got its SIGTERM', () => standInEventsOf(program, 'sigterm').length === 1)
  const killedAt = now()
  killNow(pid)
  const seen = await watch.untilState('offline', { from: 2 })
  noticed('unloading', killedAt, seen)
  expect(watch.states().slice(-3)).toEqual(['ready', 'unloading', 'offline'])
})

test('if it is killed while a request waits for the load, the request gets the error at once', async () => {
  const { daemon, program, watch } = await startStandIn({ never_ready: true }, { load: 'on-demand' })
  const answer = daemon.chat()
  await watch.untilState('warming')
  killNow(standInEventsOf(program, 'start')[0]?.pid ?? 0)
  expect(errorOf(await answer).code).toBe('slot.crashed')
})

test('restart = "on-failure" reloads a killed backend automatically', async () => {
  const { daemon, watch } = await startStandIn({}, { restart: 'on-failure' })
  const pid = await daemon.load()
  await watch.untilState('ready')
  const from = watch.seen.length
  killNow(pid)
  const back = await watch.untilState('ready', { from })
  expect(back.record.pid).not.toBe(pid)
  expect(watch.states().slice(-5)).toEqual(['error', 'offline', 'starting', 'warming', 'ready'])
  expect((await daemon.chat()).status).toBe(200)
})

test('an exit by itself is reported with its code and its last lines', async () => {
  const print = ['loading model', "error: unknown model architecture: 'zeta'"]
  const { daemon, watch } = await startStandIn({ exit: { after_ms: 0, code: 1, print } })
  const failed = await daemon.command('primary', 'load')
  const error = errorOf(failed)
  expect(error).toMatchObject({ code: 'slot.crashed', details: { exit_code: 1, signal: null, last_lines: print } })
  expect(error.message).toContain("unknown model architecture: 'zeta'")
  expect(error.message).toContain('its engine does not know the architecture of the model, zeta')
  expect(error.details.cause_line).toBe("error: unknown model architecture: 'zeta'")
  await watch.untilState('error')
  expect(watch.states().slice(-2)).toEqual(['starting', 'error'])
  expect(await daemon.must<string[]>('GET', '/api/slots/primary/logs?lines=2')).toEqual(print)
})

test('the line that names the cause is found above a backtrace, and the last twenty lines are shown', async () => {
  const trace = Array.from({ length: 80 }, (_, index) => `#${index} 0x00007f2a in ggml_abort () from libggml-base.so`)
  const print = ['/src/ggml/ggml.c:3056: GGML_ASSERT(a->ne[2] == b->ne[0]) failed', ...trace]
  const { daemon } = await startStandIn({ exit: { after_ms: 0, code: 134, print } })
  const { message, details } = errorOf(await daemon.command('primary', 'load'))
  expect(message).toContain('an assertion of llama.cpp failed (a->ne[2] == b->ne[0])')
  expect(details).toMatchObject({ cause_line: print[0], last_lines: trace.slice(-20) })
})

test('a backend that says it is out of memory is reported as slot.out_of_memory', async () => {
  const print = [
    'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 7605.33 MiB on device 0: cudaMalloc failed: out of memory',
  ]
  const { daemon } = await startStandIn({ exit: { after_ms: 0, code: 1, print } })
  expect(errorOf(await daemon.command('primary', 'load')).code).toBe('slot.out_of_memory')
})
