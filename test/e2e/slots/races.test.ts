/** Two of everything at once: daemons, loads, commands, creations. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { isLegalTransition, isLoaded } from '../../../src/slots/machine/states.ts'
import { Daemon, errorOf, runHal0 } from '../../support/daemon.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { standInEventsOf } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

/** Numbers from a seed, so that a failure can be repeated (mulberry32). */
const randomFrom = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/** Pairs that the table does not have, and jumps of seq. */
const illegalSteps = (watch: SlotWatch, name: string): string[] => {
  const records = watch.seen.filter(({ record }) => record.name === name).map(({ record }) => record)
  return records.slice(1).flatMap((record, index) => {
    const before = records[index] ?? record
    const legal = isLegalTransition(before.state, record.state) && record.seq === before.seq + 1
    return legal ? [] : [`${before.seq} ${before.state} → ${record.seq} ${record.state}`]
  })
}

test('a second daemon on the same data folder refuses to start, and does no harm', async () => {
  const { daemon } = await startStandIn()
  const pid = await daemon.load()
  const second = await runHal0(['serve', '--port', String(daemon.port + 5)], { env: { HAL0_ROOT: daemon.root } })
  expect(second.code).toBe(1)
  expect(second.stderr).toMatch(/Another hal0 daemon \(process \d+\) already serves the data in/)
  expect(second.stderr).not.toContain('    at ')
  expect(await daemon.state()).toMatchObject({ state: 'ready', pid })
  expect((await daemon.chat()).status).toBe(200)
})

test('a daemon whose port is taken says what may have taken it, and exits with 1', async () => {
  const first = await Daemon.start()
  const second = await Daemon.prepare()
  const { code, stderr } = await runHal0(['serve', '--port', String(first.port)], { env: { HAL0_ROOT: second.root } })
  expect(code).toBe(1)
  expect(stderr).toContain(`Port ${first.port} on 127.0.0.1 is taken`)
})

test('twenty loads at once start one process and all get the same slot', async () => {
  const { daemon, program, watch } = await startStandIn({ load_ms: 200 })
  const answers = await Promise.all(Array.from({ length: 20 }, () => daemon.command('primary', 'load')))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  expect(new Set(answers.map(({ body }) => body.state.pid)).size).toBe(1)
  expect(standInEventsOf(program, 'start')).toHaveLength(1)
  await watch.untilState('ready')
  expect(watch.states()).toEqual(['offline', 'starting', 'warming', 'ready'])
})

test('twenty creations of one name make one slot', async () => {
  const daemon = await Daemon.start()
  await daemon.must('POST', '/api/models', { path: await tinyModel(), id: 'tiny', link: true })
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => daemon.call('POST', '/api/slots', { name: 'primary', model: 'tiny' })),
  )
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
  expect(new Set(answers.filter(({ status }) => status !== 201).map((answer) => errorOf(answer).code))).toEqual(
    new Set(['slot.exists']),
  )
})

test('slots that are created at once get ports of their own', async () => {
  const daemon = await Daemon.start()
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      daemon.call<{ config: { port: number } }>('POST', '/api/slots', { name: `s${index}` }),
    ),
  )
  expect(new Set(answers.map(({ body }) => body.config.port)).size).toBe(8)
})

test('creating, loading and deleting one name at once never fails with internal, and leaves one of the two outcomes', async () => {
  const seed = 20_260
  console.log(`seed ${seed}`)
  const random = randomFrom(seed)
  const { daemon, program } = await startStandIn()
  const codes: string[] = []
  const one = async () => {
    for (let round = 0; round < 20; round++) {
      const settings = { name: 'racer', model: 'tiny', engine: program }
      const answer = await [
        () => daemon.call('POST', '/api/slots', settings),
        () => daemon.call('DELETE', '/api/slots/racer'),
        () => daemon.command('racer', 'load', null),
        () => daemon.command('racer', 'unload', null),
        () => daemon.call('PATCH', '/api/slots/racer', { context_size: 1 + random(1000) }),
      ][random(5)]?.()
      if (answer !== undefined && answer.status >= 400) codes.push(errorOf(answer).code)
    }
  }
  await Promise.all(Array.from({ length: 6 }, one))
  expect(codes.filter((code) => !['slot.exists', 'slot.not_found', 'slot.invalid_transition'].includes(code))).toEqual(
    [],
  )
  const shown = await daemon.call('GET', '/api/slots/racer')
  if (shown.status === 404)
    expect((await daemon.call('POST', '/api/slots', { name: 'racer', model: 'tiny', engine: program })).status).toBe(
      201,
    )
  await daemon.load('racer')
  expect((await daemon.chat({ model: 'racer' })).status).toBe(200)
})

test('a storm of commands makes only legal steps, and ends as the process table says', async () => {
  const seed = Date.now() % 1_000_000
  console.log(`seed ${seed}`)
  const random = randomFrom(seed)
  const { daemon, program, watch } = await startStandIn(
    { load_ms: 30 },
    { load: 'on-demand', idle_timeout_s: 0.05, unload_after_s: 0.2 },
  )
  await daemon.must('POST', '/api/models', { path: await tinyModel(), id: 'other', link: true })
  const end = performance.now() + 5000
  const allowed = new Set([
    'slot.invalid_transition',
    'slot.load_cancelled',
    'slot.unloading',
    'slot.not_loaded',
    'model.not_found',
  ])
  const strange: string[] = []
  const storm = async () => {
    while (performance.now() < end) {
      const verbs = ['load', 'unload', 'restart', 'cancel', 'acknowledge'] as const
      const pick = random(8)
      const wait = random(2) === 0 ? null : 1
      const verb = verbs[pick]
      const answer =
        verb !== undefined
          ? await daemon.command('primary', verb, wait)
          : pick === 5
            ? await daemon.command('primary', 'swap', wait, { model: random(2) === 0 ? 'tiny' : 'other' })
            : await daemon.chat()
      // A wait of one second may be too short on a busy machine.
      const late = ['slot.starting', 'slot.warming']
      if (answer.status >= 400) {
        const { code } = errorOf(answer)
        if (!allowed.has(code) && !late.includes(code)) strange.push(`${verb ?? pick}: ${JSON.stringify(answer.body)}`)
      }
      await Bun.sleep(random(60))
    }
  }
  await Promise.all(Array.from({ length: 6 }, storm))
  expect(strange).toEqual([])
  // Whatever is still under way settles: loaded, offline or in error.
  await daemon.must('PATCH', '/api/slots/primary', { idle_timeout_s: 0 })
  const { state } = await daemon.command('primary', 'load').then(({ body }) => body)
  const { seq } = await daemon.state()
  await watch.until('the last record', (record) => record.seq >= seq)
  expect(illegalSteps(watch, 'primary')).toEqual([])
  expect(isLoaded(state.state)).toBe(true)
  expect(daemon.backends()).toEqual([state.pid ?? 0])
  console.log(`${watch.seen.length} transitions, ${standInEventsOf(program, 'start').length} processes`)
  await daemon.command('primary', 'unload')
  expect(daemon.backends()).toEqual([])
})

test('a storm over kills of the daemon ends with one process at most, which is the slot’s', async () => {
  const seed = Date.now() % 1_000_000
  console.log(`seed ${seed}`)
  const random = randomFrom(seed)
  const { daemon, program } = await startStandIn({ load_ms: 50 }, { load: 'on-demand' })
  for (let round = 0; round < 12; round++) {
    const wait = [null, 0.05][random(2)]
    const verb = (['load', 'unload', 'restart', 'cancel'] as const)[random(4)] ?? 'load'
    await daemon.command('primary', verb, wait)
    await Bun.sleep(random(120))
    await daemon.restart()
  }
  const watch = await SlotWatch.open(daemon)
  const pid = await daemon.load()
  expect(daemon.backends()).toEqual([pid])
  expect(illegalSteps(watch, 'primary')).toEqual([])
  expect((await daemon.chat()).status).toBe(200)
  console.log(`${standInEventsOf(program, 'start').length} processes over 13 daemons`)
})
