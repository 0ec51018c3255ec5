/** kill -9 of the daemon: the backends keep running, and the next daemon takes them over in their current state. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { readlinkSync } from 'node:fs'
import { Daemon } from '../../support/daemon.ts'
import { testWith } from '../../support/part.ts'
import { realEngine } from '../../support/real-engine.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { standInEventsOf } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { until } from '../../support/until.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

const withEngine = testWith('python3 on PATH', Bun.which('python3') !== null)
/** Tells a hang from a slow machine: one that does nothing else takes less than 2 s. */
const servedWithinMs = 15_000

const openStream = async (daemon: Daemon, body: Record<string, unknown>) => {
  const response = await fetch(`${daemon.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'primary', messages: [{ role: 'user', content: 'Hello' }], stream: true, ...body }),
  })
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error('the stream has no body')
  await reader.read()
  return reader
}

/** Keeps reading until the stream ends. @returns how it ended */
const endOf = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<'clean' | 'broken'> => {
  try {
    while (!(await reader.read()).done);
    return 'clean'
  } catch {
    return 'broken'
  }
}

withEngine(
  'kill -9 while the real llama.cpp streams: the client sees a broken stream, the backend stays, and serves again',
  async () => {
    const daemon = await Daemon.start()
    await daemon.addSlot(await tinyModel('chat', { layers: 16, width: 128 }), {
      name: 'primary',
      engine: await realEngine(),
      context_size: 4096,
      parallel: 2,
    })
    const pid = await daemon.load()
    const stream = await openStream(daemon, { max_tokens: 4000, ignore_eos: true })
    await daemon.kill()
    expect(await endOf(stream)).toBe('broken')
    const began = performance.now()
    const upMs = await daemon.launch()
    const answer = await daemon.chat({ max_tokens: 1 })
    const servedMs = performance.now() - began
    console.log(`after kill -9 in a stream: listening in ${Math.round(upMs)} ms, served in ${Math.round(servedMs)} ms`)
    expect(answer.status).toBe(200)
    expect((await daemon.state()).pid).toBe(pid)
    expect(servedMs).toBeLessThan(servedWithinMs)
  },
  60_000,
)

withEngine(
  'kill -9 while the real llama.cpp loads: the next daemon waits for the same process and serves it',
  async () => {
    const daemon = await Daemon.start()
    // 84 MB: long enough to be caught in the middle, python's own start included.
    await daemon.addSlot(await tinyModel('chat', { layers: 64, width: 256 }), {
      name: 'primary',
      engine: await realEngine(),
    })
    const watch = await SlotWatch.open(daemon)
    await daemon.command('primary', 'load', null)
    await watch.untilState('starting')
    // Between fork and exec it is a copy of the daemon and holds its port; in the middle of an exec it shows no command line.
    const program = (pid: number) => readlinkSync(`/proc/${pid}/exe`)
    const pids = () => daemon.backends().filter((pid) => program(pid) !== program(daemon.pid))
    let pid: number | undefined
    for (; pid === undefined; [pid] = pids()) await Bun.sleep(2)
    const upMs = await daemon.restart()
    const slot = await daemon.command('primary', 'load', 30)
    console.log(`after kill -9 in a load: listening in ${Math.round(upMs)} ms`)
    expect(slot.body.state).toMatchObject({ state: 'ready', pid: pid ?? 0 })
    expect((await daemon.chat()).status).toBe(200)
    expect(pids()).toEqual([pid ?? 0])
  },
  60_000,
)

for (const load_ms of [0, 300, 1500]) {
  test(`kill -9 just after a load was accepted that takes ${load_ms} ms: one process, and it gets ready`, async () => {
    const { daemon, program } = await startStandIn({ load_ms })
    await daemon.command('primary', 'load', null)
    await daemon.restart()
    expect((await daemon.command('primary', 'load', 20)).body.state.state).toBe('ready')
    expect(standInEventsOf(program, 'start').length).toBe(1)
    expect((await daemon.chat()).status).toBe(200)
  })
}

test('kill -9 while warming: the same process is served soon after the restart', async () => {
  const { daemon, program, watch } = await startStandIn({ load_ms: 700 })
  await daemon.command('primary', 'load', null)
  await watch.untilState('warming')
  await daemon.kill()
  const began = performance.now()
  await daemon.launch()
  expect((await daemon.chat()).status).toBe(200)
  const servedMs = performance.now() - began
  console.log(`after kill -9 while warming (700 ms of load): served in ${Math.round(servedMs)} ms`)
  expect(servedMs).toBeLessThan(servedWithinMs)
  const [started, ...more] = standInEventsOf(program, 'start')
  expect(more).toEqual([])
  expect((await daemon.state()).pid).toBe(started?.pid ?? 0)
})

test('kill -9 while unloading: the next daemon finishes it', async () => {
  const { daemon, watch } = await startStandIn({ hang_on_sigterm: true })
  await daemon.load()
  await daemon.command('primary', 'unload', null)
  await watch.untilState('unloading')
  await daemon.restart()
  const after = await SlotWatch.open(daemon)
  await after.untilState('offline')
  expect(daemon.backends()).toEqual([])
})

test('a backend that died while no daemon ran is found in error, says so to its clients, and loads again', async () => {
  const { daemon } = await startStandIn()
  const pid = await daemon.load()
  await daemon.kill()
  process.kill(pid, 'SIGKILL')
  await daemon.launch()
  const { state, error } = await daemon.state()
  expect([state, error?.code]).toEqual(['error', 'slot.crashed'])
  expect((await daemon.chat()).status).toBe(503)
  await daemon.load()
  expect((await daemon.chat()).status).toBe(200)
})

test('SIGTERM ends the daemon and leaves the backend running for the next one', async () => {
  const { daemon, watch } = await startStandIn()
  const pid = await daemon.load()
  expect(await daemon.kill('SIGTERM')).toBe(0)
  await watch.ended
  expect(daemon.stderr).toContain('primary keeps running')
  await daemon.launch()
  expect(await daemon.state()).toMatchObject({ state: 'ready', pid })
})

test('SIGTERM lets a stream under way finish', async () => {
  const { daemon } = await startStandIn({ tokens: 60, token_ms: 10 })
  const pid = await daemon.load()
  const stream = await openStream(daemon, { max_tokens: 60 })
  const ending = daemon.kill('SIGTERM')
  expect(await endOf(stream)).toBe('clean')
  expect(await ending).toBe(0)
  await daemon.launch()
  expect(await daemon.state()).toMatchObject({ state: 'ready', pid })
})

test('a backend that was taken over is restarted on its port, again and again', async () => {
  const { daemon } = await startStandIn()
  for (let round = 0; round < 8; round++) {
    await daemon.load()
    await daemon.restart()
    // Its port must be free the moment that it counts as ended: a killed program's threads hold it a little longer.
    expect(await daemon.command('primary', 'restart')).toMatchObject({ status: 200 })
  }
})

test('ten kills in a row lose neither the process nor a transition', async () => {
  const { daemon, program } = await startStandIn({ tokens: 200, token_ms: 5 })
  const pid = await daemon.load()
  let seq = 0
  for (let round = 0; round < 10; round++) {
    const stream = await openStream(daemon, { max_tokens: 200 })
    await daemon.restart()
    expect(await endOf(stream)).toBe('broken')
    const state = await daemon.state()
    expect(state).toMatchObject({ state: 'ready', pid })
    // A `serving` that was not durable yet is forgotten; nothing that was ever sent is.
    expect(state.seq).toBeGreaterThanOrEqual(seq)
    seq = state.seq
  }
  expect(standInEventsOf(program, 'start')).toHaveLength(1)
  await until('the backend lets go of every stream', () => standInEventsOf(program, 'aborted').length === 10)
})
