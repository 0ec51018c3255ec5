/** How commands and the passing of time change a slot, over HTTP and the event stream. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorOf } from '../../support/daemon.ts'
import { standInEventsOf } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

test('a whole life passes through every state of the table in order, one seq at a time', async () => {
  const { daemon, watch } = await startStandIn({ load_ms: 100 }, { idle_timeout_s: 0.3, unload_after_s: 0.3 })
  await daemon.load()
  await daemon.chat()
  await watch.untilState('offline', { from: 2 })
  expect(watch.states()).toEqual([
    'offline',
    'starting',
    'warming',
    'ready',
    'serving',
    'ready',
    'idle',
    'unloading',
    'offline',
  ])
  expect(watch.seen.map(({ record }) => record.seq)).toEqual(
    watch.seen.map((_, index) => (watch.seen[0]?.record.seq ?? 0) + index),
  )
  expect(daemon.backends()).toEqual([])
})

test('serving ends about 100 ms after the last request, and a busy slot does not flap', async () => {
  const { daemon, watch } = await startStandIn({ token_ms: 5 })
  await daemon.load()
  for (let round = 0; round < 5; round++) await daemon.chat()
  const ended = performance.timeOrigin + performance.now()
  const serving = await watch.untilState('serving')
  const ready = await watch.untilState('ready', { from: watch.seen.indexOf(serving) })
  const lingerMs = Date.parse(ready.record.since) - ended
  console.log(`serving ended ${Math.round(lingerMs)} ms after the last answer`)
  expect(watch.states()).toEqual(['offline', 'starting', 'warming', 'ready', 'serving', 'ready'])
  expect(lingerMs).toBeGreaterThan(60)
  expect(lingerMs).toBeLessThan(500)
})

test('a request to an idle slot is served, and its idle timer starts again', async () => {
  const { daemon, watch } = await startStandIn({}, { idle_timeout_s: 0.3 })
  await daemon.load()
  const idle = await watch.untilState('idle')
  const from = watch.seen.indexOf(idle) + 1
  expect((await daemon.chat()).status).toBe(200)
  const again = await watch.untilState('idle', { from })
  expect(watch.states().slice(-4)).toEqual(['idle', 'serving', 'ready', 'idle'])
  const ready = watch.seen.at(-2)
  expect(Date.parse(again.record.since) - Date.parse(ready?.record.since ?? '')).toBeGreaterThan(250)
})

for (const [state, behaviour] of [
  ['starting', { no_listen: true }],
  ['warming', { never_ready: true }],
] as const) {
  test(`a load that is cancelled while ${state} goes through error to offline, and leaves no process`, async () => {
    const { daemon, watch } = await startStandIn(behaviour, { load: 'on-demand' })
    const waiting = daemon.chat()
    await watch.untilState(state)
    const { body } = await daemon.command('primary', 'cancel')
    expect(body.state.state).toBe('offline')
    expect(errorOf(await waiting).code).toBe('slot.load_cancelled')
    await watch.untilState('offline', { from: 2 })
    expect(watch.states().slice(-3)).toEqual([state, 'error', 'offline'])
    expect(watch.seen.at(-2)?.record.error?.code).toBe('slot.load_cancelled')
    expect(daemon.backends()).toEqual([])
    expect(errorOf(await daemon.command('primary', 'cancel')).code).toBe('slot.invalid_transition')
  })
}

test('a client that waits for a load learns that another one has cancelled it', async () => {
  const { daemon, watch } = await startStandIn({ never_ready: true })
  const loading = daemon.command('primary', 'load')
  await watch.untilState('warming')
  await daemon.command('primary', 'cancel')
  expect(errorOf(await loading).code).toBe('slot.load_cancelled')
})

test('a restart gives the slot another process; requests in flight get slot.unloading', async () => {
  const { daemon, watch } = await startStandIn({ tokens: 1000, token_ms: 10 })
  const pid = await daemon.load()
  const flying = daemon.chat({ max_tokens: 1000 })
  await watch.untilState('serving')
  const { body } = await daemon.command('primary', 'restart')
  expect(errorOf(await flying).code).toBe('slot.unloading')
  expect(body.state.state).toBe('ready')
  expect(body.state.pid).not.toBe(pid)
})

test('a request that comes while a restart stops the old process is served by the new one', async () => {
  const { daemon, program, watch } = await startStandIn({ hang_on_sigterm: true })
  const pid = await daemon.load()
  await daemon.command('primary', 'restart', null)
  await watch.untilState('unloading')
  expect((await daemon.chat()).status).toBe(200)
  const asked = standInEventsOf(program, 'request').filter(({ path }) => path === '/v1/chat/completions')
  expect(asked).toHaveLength(1)
  expect(asked[0]?.pid).not.toBe(pid)
})

test('a swap puts another model into the slot; the old ref is then unknown and the new one served', async () => {
  const { daemon, program } = await startStandIn()
  await daemon.must('POST', '/api/models', { path: await tinyModel(), id: 'other', link: true })
  await daemon.load()
  const { body } = await daemon.command('primary', 'swap', 20, { model: 'other' })
  expect(body).toMatchObject({ config: { model: 'other' }, state: { state: 'ready', model: 'other' } })
  expect((await daemon.chat({ model: 'other' })).status).toBe(200)
  expect(errorOf(await daemon.chat({ model: 'tiny' })).code).toBe('model.not_found')
  expect(standInEventsOf(program, 'start')).toHaveLength(2)
  expect(errorOf(await daemon.command('primary', 'swap', 5, { model: 'nowhere' })).code).toBe('model.not_found')
  expect((await daemon.state()).model).toBe('other')
  const inUse = await daemon.call('DELETE', '/api/models/other')
  expect([inUse.status, errorOf(inUse).code]).toEqual([409, 'model.in_use'])
})

test('a slot that runs cannot be deleted; an offline one leaves nothing behind', async () => {
  const { daemon, watch } = await startStandIn()
  await daemon.load()
  expect(errorOf(await daemon.call('DELETE', '/api/slots/primary')).code).toBe('slot.invalid_transition')
  await daemon.command('primary', 'unload')
  expect((await daemon.call('DELETE', '/api/slots/primary')).status).toBe(204)
  expect((await daemon.call('GET', '/api/slots/primary')).status).toBe(404)
  expect(await Array.fromAsync(new Bun.Glob('**/primary*').scan({ cwd: daemon.root, onlyFiles: false }))).toEqual([])
  await watch.untilState('offline', { from: 2 })
})

test('after a reboot of the host a slot left ready goes through unloading to offline, and autostart loads it again', async () => {
  const { daemon, watch } = await startStandIn({}, { autostart: true })
  const pid = await daemon.load()
  await watch.untilState('ready')
  await daemon.kill()
  process.kill(pid, 'SIGKILL')
  const folder = join(daemon.root, 'var/lib/hal0/slots/primary')
  for (const file of ['state.json', 'process.json']) {
    const record = (await Bun.file(join(folder, file)).json()) as Record<string, unknown>
    writeFileSync(join(folder, file), JSON.stringify({ ...record, boot_id: 'another-boot' }))
  }
  await daemon.launch()
  const { body } = await daemon.command('primary', 'load')
  expect(body.state).toMatchObject({ state: 'ready', seq: 8 })
})
