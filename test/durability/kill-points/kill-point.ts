/** One kill point: a life of a slot in which the daemon dies at a chosen system call, and what the next daemon makes of it. */
import { expect } from 'bun:test'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Slot } from '../../../src/contract/slot-config.ts'
import { Daemon } from '../../support/daemon.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { until } from '../../support/until.ts'
import { leftovers, readState, readWorld, stateFile } from '../disk.ts'
import { type Command, life, slotName, type World } from '../life.ts'
import { fewThreads, strace } from './strace.ts'

/** The `count`th call of these in any thread. */
export interface KillPoint {
  calls: string
  count: number
}

export interface Outcome {
  killed: boolean
  /** The command under way. */
  during: string
  /** The call that was not made any more, by its name and the file's: `rename state.json`. */
  call: string
}

interface Witness {
  killed: boolean
  /** The command under way, or the last one. */
  during: string
  /** What the disk may hold: the world before that command, or after it. */
  possible: World[]
  /** The slot's last record that was announced, byte for byte. */
  announced: string | null
}

/** Lives until the daemon dies or the life is over. @throws what a command throws that fails with the daemon alive */
const live = async (daemon: Daemon, commands: Command[], trace: string, point: KillPoint): Promise<Witness> => {
  let world: World = { models: [], slot: null }
  const witness: Witness = { killed: false, during: 'start', possible: [world], announced: null }
  let watch: SlotWatch | null = null
  try {
    await daemon.launch(strace(point.calls, `signal=KILL:when=${point.count}`, trace))
    watch = await SlotWatch.open(daemon)
    for (const command of commands) {
      const next = command.leaves(world)
      witness.during = command.title
      witness.possible = [world, next]
      await command.run(daemon)
      world = next
      witness.possible = [world]
    }
    await daemon.kill('SIGTERM')
  } catch (error) {
    const code = await Promise.race([daemon.exited, Bun.sleep(2000)])
    if (code !== 137) throw error
    witness.killed = true
  }
  await watch?.ended
  witness.announced = watch?.seen.at(-1)?.json ?? null
  return witness
}

const sorted = (world: World): World => ({ ...world, models: [...world.models].sort() })

/** The files as the dead daemon left them. */
const checkFiles = (root: string, { possible, announced }: Witness): World => {
  const world = readWorld(root)
  expect(possible.map(sorted)).toContainEqual(world)
  const state = readState(root)
  if (world.slot === null || announced === null) return world
  if (state === null) throw new Error(`announced, and not on disk: ${announced}`)
  const { seq } = JSON.parse(announced) as { seq: number }
  expect(state.record.seq).toBeGreaterThanOrEqual(seq)
  if (state.record.seq === seq) expect(state.json).toBe(announced)
  return world
}

const slotPath = `/api/slots/${slotName}`

/** Waits until the slot is offline or loaded, or has failed. */
const rest = async (daemon: Daemon): Promise<Slot> => {
  const end = performance.now() + 10_000
  for (;;) {
    const slot = await daemon.must<Slot>('GET', slotPath)
    if (['offline', 'ready', 'idle', 'error'].includes(slot.state.state)) return slot
    if (performance.now() > end) throw new Error(`the slot stays ${slot.state.state}`)
    await Bun.sleep(10)
  }
}

const checkSlot = async (daemon: Daemon, engine: string, world: World): Promise<void> => {
  if (world.slot !== null) {
    const { config, state } = await rest(daemon)
    expect(config).toMatchObject({ model: world.slot.model, context_size: world.slot.context })
    expect(state).toMatchObject({ error: null })
    return
  }
  if (world.models.length === 0) await daemon.must('POST', '/api/models', { path: await tinyModel(), id: 'new' })
  const model = world.models[0] ?? 'new'
  const made = await daemon.must<Slot>('POST', '/api/slots', { name: slotName, model, engine })
  expect(made.state).toMatchObject({ state: 'offline', model, reason: 'created', error: null })
}

/** The next daemon: it finds everything, removes what was cut off, and the slot works. */
const goOn = async (daemon: Daemon, engine: string, world: World): Promise<void> => {
  const cutOff = new Set(leftovers(daemon.root))
  await daemon.launch()
  expect((await daemon.status()).problems).toEqual([])
  // It writes by itself meanwhile, under other names.
  expect(leftovers(daemon.root).filter((path) => cutOff.has(path))).toEqual([])
  const models = await daemon.must<{ id: string }[]>('GET', '/api/models')
  expect(models.map(({ id }) => id)).toEqual(world.models)
  await checkSlot(daemon, engine, world)
  await daemon.load()
  expect((await daemon.chat()).status).toBe(200)
  expect((await daemon.must<Slot>('POST', `${slotPath}/unload?wait=20`)).state.state).toBe('offline')
  expect(readState(daemon.root)?.record.state).toBe('offline')
  await until('the end of every backend', () => daemon.backends().length === 0)
  await daemon.must('GET', '/api/logs/decisions')
  await daemon.must('DELETE', slotPath)
  expect(existsSync(dirname(stateFile(daemon.root)))).toBe(false)
  expect(await daemon.kill('SIGTERM')).toBe(0)
}

/** The call at which the trace ends, by its name and the file's. */
export const lastCall = (trace: string): string => {
  const line = trace.split('\n').findLast((one) => /\w\(.*(= \?$|<unfinished)/.test(one)) ?? ''
  const name = /(\w+)\(/.exec(line)?.[1] ?? '?'
  const path = /[<"](\/[^>"]+)/.exec(line)?.[1] ?? ''
  return `${name} ${(path.split('/').at(-1) ?? '').replace(/[0-9a-f]{16}/, '*')}`
}

/** @throws with the point, the command and the end of the trace when the disk or the next daemon is not as it must be */
export const runKillPoint = async (point: KillPoint): Promise<Outcome> => {
  const daemon = await Daemon.prepare({ env: fewThreads })
  const folder = join(daemon.root, 'test')
  mkdirSync(folder)
  const engine = makeStandIn(join(folder, 'engine'))
  const traceFile = join(folder, 'trace')
  const ingredients = { engine, first: await tinyModel(), second: await tinyModel('chat', { layers: 1 }) }
  const witness = await live(daemon, life(ingredients), traceFile, point)
  const trace = readFileSync(traceFile, 'utf8')
  const { killed, during } = witness
  try {
    await goOn(daemon, engine, checkFiles(daemon.root, witness))
  } catch (error) {
    const end = trace.split('\n').slice(-12).join('\n')
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`killed at ${point.calls} ${point.count}, during "${during}": ${why}\n${end}\n${daemon.stderr}`)
  }
  return { killed, during, call: killed ? lastCall(trace) : '' }
}
