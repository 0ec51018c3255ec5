/** One kill point in a life of accepted loads, restarts and swaps, and what the next daemon makes of what was accepted. */
import { expect } from 'bun:test'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ModelEntry } from '../../../src/contract/models/model.ts'
import type { Slot } from '../../../src/contract/slot-config.ts'
import { Daemon, killNow } from '../../support/daemon.ts'
import { makeStandIn, standInEventsOf } from '../../support/stand-in-llama.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { until } from '../../support/until.ts'
import { readState, stateFile } from '../disk.ts'
import { slotName } from '../life.ts'
import { type Command, type KillPoint, liveUntilKilled, type Outcome, outcomeOf, type Witness } from './live.ts'
import { fewThreads } from './strace.ts'

/** The state of a slot once nothing is under way any more. */
interface Standing {
  model: string
  state: 'loaded' | 'offline' | 'error'
}

type SlotCommand = Command<Standing>

const slotPath = `/api/slots/${slotName}`

/** Waits until nothing of the slot is under way. @throws when the daemon dies */
const settled = async (daemon: Daemon): Promise<Slot> => {
  const end = performance.now() + 20_000
  for (;;) {
    const slot = await daemon.must<Slot>('GET', slotPath)
    const { state, intent } = slot.state
    if (intent === null && ['offline', 'ready', 'idle', 'error'].includes(state)) return slot
    if (performance.now() > end) throw new Error(`the slot stays ${state}, intent ${intent}`)
    await Bun.sleep(5)
  }
}

const standing = ({ config, state }: Slot): Standing => ({
  model: String(config.model),
  state: state.state === 'offline' || state.state === 'error' ? state.state : 'loaded',
})

/** Accepted, not waited for. */
const accepted = async (daemon: Daemon, verb: string, body?: unknown): Promise<void> => {
  await daemon.must('POST', `${slotPath}/${verb}`, body)
}

const load: SlotCommand = {
  title: 'load',
  run: (daemon) => accepted(daemon, 'load'),
  leaves: ({ model }) => ({ model, state: 'loaded' }),
}
const restart: SlotCommand = { ...load, title: 'restart', run: (daemon) => accepted(daemon, 'restart') }
const swapTo = (model: string): SlotCommand => ({
  title: `swap to ${model}`,
  run: (daemon) => accepted(daemon, 'swap', { model }),
  leaves: () => ({ model, state: 'loaded' }),
})
/** The last command runs to its end. */
const end: SlotCommand = { title: 'what was accepted', run: settled, leaves: (before) => before }
const unload: SlotCommand = {
  title: 'unload',
  run: (daemon) => daemon.must('POST', `${slotPath}/unload?wait=20`),
  leaves: ({ model }) => ({ model, state: 'offline' }),
}
const death: SlotCommand = {
  title: 'death of the backend',
  run: async (daemon) => {
    const { pid } = await daemon.state()
    if (pid === null) throw new Error('nothing runs')
    killNow(pid)
    for (let { state } = await daemon.state(); state !== 'error'; { state } = await daemon.state()) await Bun.sleep(5)
  },
  leaves: ({ model }) => ({ model, state: 'error' }),
}

const life: SlotCommand[] = [
  ...[load, end, restart, end, swapTo('second'), end],
  // The second one meets a slot that is unloading, the third a load, or whatever it has come to by then.
  ...[restart, swapTo('first'), restart, end],
  ...[death, load, end, death, swapTo('second'), end, death, restart, end],
  ...[unload, swapTo('first'), end, unload, restart],
]

/** The next daemon: what was accepted has happened, what was not has happened wholly or not at all. */
const goOn = async (daemon: Daemon, engine: string, { possible }: Witness<Standing>): Promise<void> => {
  // Torn or half a record: it throws.
  readState(daemon.root)
  await daemon.launch()
  // It answers before it has completed a swap that was interrupted.
  const swap = join(dirname(stateFile(daemon.root)), 'swap.json')
  await until('the rest of a swap', () => !existsSync(swap))
  const slot = await settled(daemon)
  expect(possible).toContainEqual(standing(slot))
  const { state, pid, model } = slot.state
  expect((await daemon.status()).problems).toEqual([])
  if (pid === null) expect(state).toMatch(/^(offline|error)$/)
  else {
    expect(model).toBe(slot.config.model as string)
    const { files } = await daemon.must<ModelEntry>('GET', `/api/models/${model}`)
    const start = standInEventsOf(engine, 'start').find((event) => event.pid === pid)
    expect(start?.argv.join(' ')).toContain(files[0]?.path as string)
  }
  await until('one backend, or none', () => daemon.backends().join() === (pid ?? '').toString())
  // The disk follows what is announced.
  await until('its last record is on the disk', () => readState(daemon.root)?.record.seq === slot.state.seq)
  expect(readState(daemon.root)?.record).toEqual(slot.state)
  // Nothing of it is left for a later daemon to do again.
  await daemon.restart()
  expect(standing(await settled(daemon))).toEqual(standing(slot))
  expect((await daemon.state()).pid).toBe(pid)
  if (pid !== null) await daemon.must('POST', `${slotPath}/unload?wait=20`)
  expect(await daemon.kill('SIGTERM')).toBe(0)
}

/** @throws with the point, the command and the end of the trace when the next daemon does not continue as it must */
export const runIntentKillPoint = async (point: KillPoint): Promise<Outcome> => {
  const daemon = await Daemon.start({ env: fewThreads })
  const folder = join(daemon.root, 'test')
  mkdirSync(folder)
  const engine = makeStandIn(join(folder, 'engine'))
  const second = await tinyModel('chat', { layers: 1 })
  await daemon.must('POST', '/api/models', { path: second, id: 'second', link: true })
  await daemon.addSlot(await tinyModel(), { name: slotName, model: 'first', engine })
  await daemon.kill('SIGTERM')
  const traceFile = join(folder, 'trace')
  const world: Standing = { model: 'first', state: 'offline' }
  const witness = await liveUntilKilled(daemon, point, traceFile, { world, commands: life })
  return outcomeOf(daemon, point, traceFile, witness, () => goOn(daemon, engine, witness))
}
