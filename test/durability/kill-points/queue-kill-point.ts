/** One kill point in the life of a queue of pulls, and what the next daemon makes of it. */
import { expect, onTestFinished } from 'bun:test'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Pull } from '../../../src/contract/models/pull.ts'
import { isUnderWay } from '../../../src/contract/models/pull-phase.ts'
import { Daemon } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { leftovers } from '../disk.ts'
import { type Command, type KillPoint, liveUntilKilled, type Outcome, outcomeOf, type Witness } from './live.ts'
import { fewThreads } from './strace.ts'

const repo = 'acme/many-GGUF'
/** The hub holds back all files but `quick`. */
const ids = ['quick', 'a', 'b', 'c', 'd', 'e']

/** The world is what waits or is at work, in its order. */
type QueueCommand = Command<string[]>

const pull = (daemon: Daemon, id: string) =>
  daemon.must<Pull>('POST', `/api/models/${id}/pull`, { repo, file: `${id}.gguf` })
const cancel = (daemon: Daemon, id: string, query = '') => daemon.must('DELETE', `/api/models/${id}/pull${query}`)
const pullsOf = async (daemon: Daemon) => (await daemon.must<Pull[]>('GET', '/api/pulls')).reverse()

/** @throws when the daemon dies */
const untilEnded = async (daemon: Daemon): Promise<void> => {
  const end = performance.now() + 20_000
  for (;;) {
    const left = (await pullsOf(daemon)).filter(isUnderWay)
    if (left.length === 0) return
    if (performance.now() > end) throw new Error(`these pulls stand still: ${JSON.stringify(left)}`)
    await Bun.sleep(10)
  }
}

const asked = (id: string): QueueCommand => ({
  title: `pull ${id}`,
  run: (daemon) => pull(daemon, id),
  leaves: (queue) => [...queue.filter((one) => one !== id), id],
})
const cancelled = (id: string, query = ''): QueueCommand => ({
  title: `cancel ${id}`,
  run: (daemon) => cancel(daemon, id, query),
  leaves: (queue) => queue.filter((one) => one !== id),
})

const life: QueueCommand[] = [
  asked('quick'),
  { title: 'the end of quick', run: untilEnded, leaves: () => [] },
  ...['a', 'b', 'c', 'd'].map(asked),
  cancelled('c'),
  { title: 'join b', run: (daemon) => pull(daemon, 'b'), leaves: (queue) => queue },
  cancelled('a', '?discard=true'),
  asked('c'),
  asked('e'),
  cancelled('b'),
]

const goOn = async (daemon: Daemon, hub: FakeHub, { possible }: Witness<string[]>): Promise<void> => {
  // What a download was writing is cleared by the download itself, when its turn comes.
  const cutOff = leftovers(daemon.root).filter((path) => !path.includes('/.pull-'))
  await daemon.launch()
  expect((await daemon.status()).problems).toEqual([])
  expect(leftovers(daemon.root).filter((path) => cutOff.includes(path))).toEqual([])
  const queue = (await pullsOf(daemon)).filter(isUnderWay).map(({ id }) => id)
  // The hub holds `quick` back now: if it waits, it was not registered.
  expect(possible).toContainEqual(queue)
  const before = (await daemon.must<{ id: string }[]>('GET', '/api/models')).map(({ id }) => id)
  expect(before.filter((id) => queue.includes(id))).toEqual([])
  await daemon.kill()
  hub.behave = () => null
  await daemon.launch()
  await untilEnded(daemon)
  const after = (await daemon.must<{ id: string }[]>('GET', '/api/models')).map(({ id }) => id)
  expect(after.sort()).toEqual([...before, ...queue].sort())
  const models = join(daemon.root, 'var/lib/hal0/models')
  expect(readdirSync(models).filter((name) => /^\.pull-.*\.json$/.test(name))).toEqual([])
  await daemon.restart()
  expect(await pullsOf(daemon)).toEqual([])
  expect(await daemon.kill('SIGTERM')).toBe(0)
}

/** @throws with the point, the command and the end of the trace when the disk or the next daemon is not as it must be */
export const runQueueKillPoint = async (point: KillPoint): Promise<Outcome> => {
  const content = new Uint8Array(await Bun.file(await tinyModel()).arrayBuffer())
  const hub = await FakeHub.start({ repos: [{ id: repo, files: ids.map((id) => ({ path: `${id}.gguf`, content })) }] })
  onTestFinished(() => hub.stop())
  const held = { delayMs: 120_000 }
  hub.behave = ({ kind, path }) => (kind === 'cdn' && path !== 'quick.gguf' ? held : null)
  const daemon = await Daemon.prepare({
    env: { ...fewThreads, HF_ENDPOINT: hub.url, HOME: '/nonexistent', HF_HOME: '/nonexistent', NO_PROXY: '127.0.0.1' },
  })
  mkdirSync(join(daemon.root, 'test'))
  const traceFile = join(daemon.root, 'test/trace')
  const witness = await liveUntilKilled(daemon, point, traceFile, {
    world: [],
    commands: life,
    // Only what has ended by itself may have ended before it was seen.
    between: (queue) => (queue.includes('quick') ? [queue, []] : [queue]),
  })
  hub.behave = ({ kind }) => (kind === 'cdn' ? held : null)
  return outcomeOf(daemon, point, traceFile, witness, () => goOn(daemon, hub, witness))
}
