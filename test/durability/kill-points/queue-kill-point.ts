/** One kill point in the life of a queue of pulls, and what the next daemon makes of it. */
import { expect, onTestFinished } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pull } from '../../../src/contract/models/pull.ts'
import { isUnderWay } from '../../../src/contract/models/pull-phase.ts'
import { Daemon } from '../../support/daemon.ts'
import { FakeHub } from '../../support/fake-hub/fake-hub.ts'
import { tinyModel } from '../../support/tiny-model.ts'
import { leftovers } from '../disk.ts'
import { type KillPoint, lastCall, type Outcome } from './kill-point.ts'
import { fewThreads, strace } from './strace.ts'

const repo = 'acme/many-GGUF'
/** The hub holds back all files but `quick`. */
const ids = ['quick', 'a', 'b', 'c', 'd', 'e']

interface Command {
  title: string
  run(daemon: Daemon): Promise<unknown>
  /** What waits or is at work afterwards, in its order. */
  leaves(queue: string[]): string[]
}

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

const asked = (id: string): Command => ({
  title: `pull ${id}`,
  run: (daemon) => pull(daemon, id),
  leaves: (queue) => [...queue.filter((one) => one !== id), id],
})
const cancelled = (id: string, query = ''): Command => ({
  title: `cancel ${id}`,
  run: (daemon) => cancel(daemon, id, query),
  leaves: (queue) => queue.filter((one) => one !== id),
})

const life: Command[] = [
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

interface Witness {
  killed: boolean
  during: string
  /** The queues that the disk may hold: the one before the command under way, or the one after it. */
  possible: string[][]
}

const live = async (daemon: Daemon, trace: string, { calls, count }: KillPoint): Promise<Witness> => {
  let queue: string[] = []
  const witness: Witness = { killed: false, during: 'start', possible: [queue] }
  try {
    await daemon.launch(strace(calls, `signal=KILL:when=${count}`, trace))
    for (const command of life) {
      const next = command.leaves(queue)
      witness.during = command.title
      witness.possible = [queue, next]
      await command.run(daemon)
      queue = next
      // Only what has ended by itself may have ended before it was seen.
      witness.possible = queue.includes('quick') ? [queue, []] : [queue]
    }
    await daemon.kill('SIGTERM')
  } catch (error) {
    const code = await Promise.race([daemon.exited, Bun.sleep(2000)])
    if (code !== 137) throw error
    witness.killed = true
  }
  return witness
}

const goOn = async (daemon: Daemon, hub: FakeHub, { possible }: Witness): Promise<void> => {
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
  const witness = await live(daemon, traceFile, point)
  hub.behave = ({ kind }) => (kind === 'cdn' ? held : null)
  const trace = readFileSync(traceFile, 'utf8')
  const { killed, during } = witness
  try {
    await goOn(daemon, hub, witness)
  } catch (error) {
    const end = trace.split('\n').slice(-12).join('\n')
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`killed at ${point.calls} ${point.count}, during "${during}": ${why}\n${end}\n${daemon.stderr}`)
  }
  return { killed, during, call: killed ? lastCall(trace) : '' }
}
