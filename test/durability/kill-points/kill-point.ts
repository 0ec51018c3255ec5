/** One kill point: a life of a slot in which the daemon dies at a chosen system call, and what the next daemon makes of it. */
import { expect } from 'bun:test'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Slot } from '../../../src/contract/slot-config.ts'
import { Daemon } from '../../support/daemon.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { makeStandIn } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { until } from '../../support/until.ts'
import { leftovers, readLastState, readState, readWorld, stateFile } from '../disk.ts'
import { life, slotName, type World } from '../life.ts'
import { type Command, type KillPoint, liveUntilKilled, type Outcome, outcomeOf, type Witness } from './live.ts'
import { fewThreads } from './strace.ts'

interface Announced extends Witness<World> {
  /** The slot's last record that was announced, byte for byte. */
  announced: string | null
}

const live = async (
  daemon: Daemon,
  commands: Command<World>[],
  trace: string,
  point: KillPoint,
): Promise<Announced> => {
  let watch: SlotWatch | null = null
  const witness = await liveUntilKilled<World>(daemon, point, trace, {
    world: { models: [], slot: null },
    commands,
    async launched() {
      watch = await SlotWatch.open(daemon)
    },
  })
  const watched = watch as SlotWatch | null
  await watched?.ended
  return { ...witness, announced: watched?.seen.at(-1)?.json ?? null }
}

const sorted = (world: World): World => ({ ...world, models: [...world.models].sort() })

/** The files as the dead daemon left them. */
const checkFiles = (root: string, { possible, announced }: Announced): World => {
  const world = readWorld(root)
  expect(possible.map(sorted)).toContainEqual(world)
  const state = readLastState(root)
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
  const last = world.slot === null ? null : readLastState(daemon.root)
  await daemon.launch()
  if (last !== null) expect(readState(daemon.root)?.record.seq).toBeGreaterThanOrEqual(last.record.seq)
  expect((await daemon.status()).problems).toEqual([])
  // In the meantime it writes by itself, under other names.
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

/** @throws with the point, the command and the end of the trace when the disk or the next daemon is not as it must be */
export const runKillPoint = async (point: KillPoint): Promise<Outcome> => {
  const daemon = await Daemon.prepare({ env: fewThreads })
  const folder = join(daemon.root, 'test')
  mkdirSync(folder)
  const engine = makeStandIn(join(folder, 'engine'))
  const traceFile = join(folder, 'trace')
  const ingredients = { engine, first: await tinyModel(), second: await tinyModel('chat', { layers: 1 }) }
  const witness = await live(daemon, life(ingredients), traceFile, point)
  return outcomeOf(daemon, point, traceFile, witness, () => goOn(daemon, engine, checkFiles(daemon.root, witness)))
}
