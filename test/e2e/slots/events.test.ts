/** The event stream of the compiled binary against the files on disk. */
import { expect, onTestFinished, setDefaultTimeout, test } from 'bun:test'
import { readFileSync, watch as watchFolder } from 'node:fs'
import { join } from 'node:path'
import type { SlotRecord } from '../../../src/contract/slot.ts'
import { EventReader } from '../../http/support/event-reader.ts'
import type { Daemon } from '../../support/daemon.ts'
import { SlotWatch } from '../../support/slot-watch.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(60_000)

const stateFile = (daemon: Daemon) => join(daemon.root, 'var/lib/hal0/slots/primary/state.json')

/** Every content of state.json that is seen from now on. */
const watchFile = (path: string) => {
  const held = new Set<string>()
  const look = () => held.add(readFileSync(path, 'utf8'))
  const watcher = watchFolder(join(path, '..'), look)
  onTestFinished(() => watcher.close())
  look()
  return { held, look }
}

test('every event is byte for byte what state.json held, and was on disk before it was sent', async () => {
  const { daemon, watch } = await startStandIn(
    { open_port_late: true, load_ms: 300, hang_on_sigterm: true },
    { idle_timeout_s: 0.3, unload_after_s: 0.3 },
  )
  const { held, look } = watchFile(stateFile(daemon))
  const behind: string[] = []
  const checking = (async () => {
    for (let index = 0; index < 9; index++) {
      const { json, record } = await watch.until(`event ${index}`, () => true, index)
      const onDisk = JSON.parse(readFileSync(stateFile(daemon), 'utf8')) as SlotRecord
      if (onDisk.seq < record.seq) behind.push(json)
    }
  })()
  await daemon.load()
  await daemon.chat()
  await checking
  look()
  expect(behind).toEqual([])
  expect(watch.states().slice(-2)).toEqual(['unloading', 'offline'])
  const sent = new Set(watch.seen.map(({ json }) => json))
  // Nothing was ever on disk that was not sent, to the byte.
  expect([...held].filter((json) => !sent.has(json))).toEqual([])
  // States that lasted long enough to be seen on disk by a second process were all seen there.
  const lasted = watch.seen.filter(({ record }, index) => {
    const next = watch.seen[index + 1]
    return next === undefined || Date.parse(next.record.since) - Date.parse(record.since) > 90
  })
  expect(lasted.map(({ record }) => record.state)).toEqual(
    expect.arrayContaining(['starting', 'ready', 'idle', 'unloading', 'offline']),
  )
  expect(lasted.filter(({ json }) => !held.has(json))).toEqual([])
})

test('ids grow, over a kill -9 of the daemon too, and each new stream begins with one snapshot per slot', async () => {
  const { daemon, watch } = await startStandIn()
  await daemon.load()
  await watch.untilState('ready')
  await daemon.restart()
  await watch.ended
  const second = await SlotWatch.open(daemon)
  await daemon.chat()
  await second.untilState('serving')
  const ids = [...watch.seen, ...second.seen].map(({ id }) => id)
  expect(ids).toEqual(ids.toSorted((a, b) => a - b))
  expect(new Set(ids).size).toBe(ids.length)
  expect(second.states()[0]).toBe('ready')
})

test('Last-Event-ID resumes without loss or repetition, wherever the stream was cut', async () => {
  const { daemon, watch } = await startStandIn({}, { idle_timeout_s: 0.1, unload_after_s: 0.1 })
  await daemon.load()
  await watch.untilState('offline', { from: 2 })
  const all = watch.seen.map(({ id, json }) => ({ id, json }))
  expect(all.length).toBeGreaterThanOrEqual(7)
  for (const [index, { id }] of all.entries()) {
    const resumed = await SlotWatch.open(daemon, id)
    const rest = all.slice(index + 1)
    if (rest.length > 0) await resumed.until('the rest', ({ seq }) => seq === watch.seen.at(-1)?.record.seq)
    expect(resumed.seen.map((one) => ({ id: one.id, json: one.json }))).toEqual(rest)
    resumed.close()
  }
})

test('an id of an earlier daemon gets a snapshot, so that nothing is missed', async () => {
  const { daemon, watch } = await startStandIn()
  await daemon.load()
  const { id } = await watch.untilState('ready')
  await daemon.restart()
  const resumed = await SlotWatch.open(daemon, id)
  const { record } = await resumed.until('the snapshot', () => true)
  expect(record.state).toBe('ready')
})

test('progress frames say how long a load is expected to take; they have no id and are not on disk', async () => {
  const { daemon } = await startStandIn({ load_ms: 900 })
  await daemon.load()
  await daemon.command('primary', 'unload')
  const reader = await EventReader.open(`${daemon.url}/api/slots/events`)
  onTestFinished(() => reader.close())
  await daemon.command('primary', 'load', null)
  for (;;) {
    const { event, id, data } = await reader.next()
    if (event !== 'progress') continue
    const progress = JSON.parse(data) as { state: string; elapsed_s: number; expected_s: number | null }
    expect(id).toBeNull()
    if (progress.state !== 'warming') continue
    expect(progress.expected_s).toBeGreaterThan(0.8)
    expect(progress.elapsed_s).toBeGreaterThan(0)
    break
  }
})
