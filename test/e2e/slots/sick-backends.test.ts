/** Backends that never become what they should be: each fault has its own code and its own sentence. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Daemon, errorOf } from '../../support/daemon.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { type StandInBehaviour, setBehaviour, standInEventsOf } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { until } from '../../support/until.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

const faults: [string, StandInBehaviour, { load_timeout_s?: number }, string, RegExp][] = [
  ['never gets ready', { never_ready: true }, { load_timeout_s: 0.6 }, 'slot.load_timeout', /not ready within 0\.6 s/],
  ['never opens its port', { no_listen: true }, { load_timeout_s: 0.6 }, 'slot.load_timeout', /hal0 slot logs primary/],
  ['answers 500', { answer_500: true }, {}, 'slot.probe_failed', /500/],
  ['answers bytes that are not JSON', { garbage: 'http' }, {}, 'slot.probe_failed', /not as a healthy one/],
  ['answers bytes that are not HTTP', { garbage: 'raw' }, {}, 'slot.probe_failed', /not HTTP/],
  ['lists no model', { no_models: true }, {}, 'slot.probe_failed', /lists no model/],
  ['fails its first inference', { sentinel: 'error' }, {}, 'slot.probe_failed', /compute error/],
  ['computes NaN', { sentinel: 'nan' }, {}, 'slot.probe_failed', /healthy/],
]
for (const [what, behaviour, settings, code, words] of faults) {
  test(`a backend that ${what} is ${code}, is stopped, and loads once it is fixed`, async () => {
    const { daemon, program } = await startStandIn(behaviour, settings)
    const failed = await daemon.command('primary', 'load')
    const error = errorOf(failed)
    expect([error.code, failed.status, failed.headers.get('x-should-retry')]).toEqual([code as never, 503, 'false'])
    expect(error.message).toMatch(words)
    // What a person sees is a sentence, without control characters of a terminal.
    expect(error.message).not.toMatch(/\p{Cc}/u)
    expect(errorOf(await daemon.chat()).code).toBe(code)
    await until('the backend is ended', () => daemon.backends().length === 0)
    setBehaviour(program, {})
    await daemon.load()
    expect((await daemon.chat()).status).toBe(200)
  })
}

test('a backend that takes connections and says nothing is slot.load_timeout', async () => {
  const { daemon } = await startStandIn({}, { load_timeout_s: 1 })
  const mute = join(daemon.root, 'mute')
  const listen =
    'Bun.listen({ hostname: "127.0.0.1", port: Number(process.argv[process.argv.indexOf("--port") + 1]), socket: { data() {} } })'
  writeFileSync(mute, `#!/bin/sh\nexec '${process.execPath}' -e '${listen}' -- "$@"\n`)
  chmodSync(mute, 0o755)
  await daemon.must('PATCH', '/api/slots/primary', { engine: mute })
  const began = performance.now()
  expect(errorOf(await daemon.command('primary', 'load')).code).toBe('slot.load_timeout')
  expect(performance.now() - began).toBeLessThan(4000)
})

test('a backend that ignores SIGTERM is killed after its grace, and the unload ends', async () => {
  const { daemon, program } = await startStandIn({ hang_on_sigterm: true })
  await daemon.load()
  const began = performance.now()
  const { body } = await daemon.command('primary', 'unload')
  const tookMs = performance.now() - began
  console.log(`unload of a backend that ignores SIGTERM (grace 2000 ms): ${Math.round(tookMs)} ms`)
  expect(body.state).toMatchObject({ state: 'offline', pid: null })
  expect(tookMs).toBeGreaterThan(1900)
  expect(tookMs).toBeLessThan(4000)
  expect(standInEventsOf(program, 'sigterm')).toHaveLength(1)
  expect(daemon.backends()).toEqual([])
})

test('garbage on its output does no harm: the slot serves, and its log can be read', async () => {
  const { daemon } = await startStandIn()
  const noisy = join(daemon.root, 'noisy')
  const noise = 'head -c 300000 /dev/urandom; printf "\\033[31mred\\r\\n"; head -c 200000 /dev/zero; echo; echo last'
  writeFileSync(noisy, `#!/bin/sh\n{ ${noise}; } >&2\nexec '${daemon.root}/engine/llama-server' "$@"\n`)
  chmodSync(noisy, 0o755)
  await daemon.must('PATCH', '/api/slots/primary', { engine: noisy })
  await daemon.load()
  expect((await daemon.chat()).status).toBe(200)
  expect(await daemon.must<string[]>('GET', '/api/slots/primary/logs?lines=50')).toContain('last')
})

test('without any engine a load is engine.not_installed, with the command that fixes it', async () => {
  const daemon = await Daemon.start({ env: { PATH: '/nowhere' } })
  await daemon.addSlot(await tinyModel(), { name: 'primary', load: 'on-demand' })
  const watch = await SlotWatch.open(daemon)
  const error = errorOf(await daemon.chat())
  expect(error.code).toBe('engine.not_installed')
  expect(error.message).toContain('hal0 engine install llama.cpp --source pypi')
  await watch.untilState('error')
  expect(watch.states()).toEqual(['offline', 'starting', 'error'])
})

test('llama-server on PATH is found without any setting', async () => {
  const { program } = await startStandIn()
  const folder = program.slice(0, program.lastIndexOf('/'))
  const daemon = await Daemon.start({ env: { PATH: `${folder}:${process.env.PATH}` } })
  await daemon.addSlot(await tinyModel(), { name: 'primary' })
  await daemon.load()
  expect((await daemon.chat()).status).toBe(200)
})

test('an engine whose path is gone is reported with its path', async () => {
  const { daemon, program } = await startStandIn()
  rmSync(program)
  const error = errorOf(await daemon.command('primary', 'load'))
  expect(error.code).toBe('engine.not_installed')
  expect(error.message).toContain(program)
})

test('an engine that is not a program for this machine is slot.spawn_failed', async () => {
  const { daemon } = await startStandIn()
  const broken = join(daemon.root, 'broken')
  writeFileSync(broken, '\u007fELF and nothing more')
  chmodSync(broken, 0o755)
  await daemon.must('PATCH', '/api/slots/primary', { engine: broken })
  const error = errorOf(await daemon.command('primary', 'load'))
  expect(error).toMatchObject({ code: 'slot.spawn_failed', details: { argv0: broken } })
})
