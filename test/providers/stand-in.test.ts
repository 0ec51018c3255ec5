import { afterEach, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { SlotPatch } from '../../src/contract/slot-config.ts'
import {
  makeStandIn,
  type StandInBehaviour,
  setBehaviour,
  standInEvents,
  standInEventsOf,
} from '../support/stand-in-llama.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import { endRuns, planFor, runPlan } from './backend-run.ts'
import { modelFile } from './fixtures.ts'

afterEach(endRuns)

const start = async (behaviour: StandInBehaviour, config: SlotPatch = {}) => {
  const program = makeStandIn(join(tempDir(), 'engine'), behaviour)
  const run = runPlan(await planFor(program, modelFile(), config))
  return { program, run }
}
const listening = (program: string) => until('it listens', () => standInEventsOf(program, 'listening').length > 0)

test('it passes the provider’s probe and every sentinel, and records what it was sent', async () => {
  const { program, run } = await start({})
  await run.ready()
  for (const sentinel of run.plan.sentinels) expect(await run.ask(sentinel)).toEqual({ kind: 'ok' })
  const [started] = standInEventsOf(program, 'start')
  expect(started?.pid).toBe(run.pid)
  expect(started?.argv.slice(1)).toEqual(run.plan.spec.argv.slice(1))
  expect(standInEventsOf(program, 'request').at(-1)).toMatchObject({ method: 'POST', path: '/v1/chat/completions' })
})

test('while it loads it answers 503, and it records when it became ready', async () => {
  const { program, run } = await start({ load_ms: 100 })
  await listening(program)
  expect(await run.ask(run.plan.readiness)).toEqual({ kind: 'wait' })
  await run.ready()
  const at = (kind: 'start' | 'ready') => standInEventsOf(program, kind)[0]?.at ?? 0
  expect(at('ready') - at('start')).toBeGreaterThanOrEqual(99)
})

test.each([
  [{ answer_500: true }, '500'],
  [{ garbage: 'http' }, '/v1/models'],
  [{ no_models: true }, 'lists no model'],
] as [StandInBehaviour, string][])('the probe finds fault with %j', async (behaviour, words) => {
  const { program, run } = await start(behaviour)
  await listening(program)
  const verdict = await run.ask(run.plan.readiness)
  expect(verdict.kind === 'bad' && verdict.why).toContain(words)
})

test('raw garbage is not HTTP at all', async () => {
  const { program, run } = await start({ garbage: 'raw' })
  await listening(program)
  await expect(run.ask(run.plan.readiness)).rejects.toThrow()
})

test.each([
  ['chat', 'error'],
  ['chat', 'nan'],
  ['embedding', 'error'],
  ['embedding', 'nan'],
  ['rerank', 'error'],
  ['rerank', 'nan'],
] as const)('in mode %s the sentinel finds fault with %s', async (mode, sentinel) => {
  const { run } = await start({ sentinel }, { mode })
  await run.ready()
  expect((await run.ask(run.plan.sentinels[0] as never)).kind).toBe('bad')
})

test('a stream comes token by token, and a hang-up is recorded', async () => {
  const { program, run } = await start({ tokens: 1000, token_ms: 5 })
  await run.ready()
  const client = new AbortController()
  const body = JSON.stringify({ messages: [], stream: true })
  const response = await fetch(`${run.origin}/v1/chat/completions`, { method: 'POST', body, signal: client.signal })
  const first = await response.body?.getReader().read()
  expect(new TextDecoder().decode(first?.value)).toContain('"content":"one"')
  client.abort()
  await until('the hang-up is seen', () => standInEventsOf(program, 'aborted').length > 0)
})

test('a whole stream ends with [DONE]', async () => {
  const { run } = await start({ tokens: 3 })
  await run.ready()
  const response = await fetch(`${run.origin}/v1/completions`, { method: 'POST', body: '{"stream":true}' })
  expect(await response.text()).toMatch(/"text":" more2".*data: \[DONE\]\n\n$/s)
})

test.each([{ die_after_tokens: 2 }, { break_after_tokens: 2 }])(
  'with %j the stream breaks and never ends cleanly',
  async (how) => {
    const { run } = await start({ tokens: 5, ...how })
    await run.ready()
    const response = await fetch(`${run.origin}/v1/completions`, { method: 'POST', body: '{"stream":true}' })
    await expect(response.text()).rejects.toThrow()
    if ('die_after_tokens' in how) expect((await run.ended).exit).toBe('SIGKILL')
    else expect(await run.ask(run.plan.readiness)).toEqual({ kind: 'ok' })
  },
)

test('it exits as it is told to, with its last words', async () => {
  const { run } = await start({ exit: { after_ms: 0, code: 7, print: ['CUDA error: out of memory'] } })
  expect(await run.ended).toEqual({ exit: 7, printed: 'CUDA error: out of memory\n' })
})

test('it ends on SIGTERM, or ignores it when told to', async () => {
  const { program, run } = await start({ hang_on_sigterm: true })
  await run.ready()
  run.stop()
  await until('it got the signal', () => standInEventsOf(program, 'sigterm').length > 0)
  expect(await run.ask(run.plan.readiness)).toEqual({ kind: 'ok' })
  setBehaviour(program, {})
  const next = runPlan(await planFor(program, modelFile()))
  await next.ready()
  next.stop()
  expect((await next.ended).exit).toBe(0)
})

test('a taken port ends it with a message', async () => {
  const { program, run } = await start({})
  await run.ready()
  const second = runPlan(run.plan)
  const { exit, printed } = await second.ended
  expect(exit).toBe(1)
  expect(printed).toContain("couldn't bind")
  expect(
    standInEvents(program)
      .filter(({ pid }) => pid === second.pid)
      .map(({ kind }) => kind),
  ).toEqual(['start'])
})
