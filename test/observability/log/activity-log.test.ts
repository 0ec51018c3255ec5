import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ActivityLog } from '../../../src/observability/log/activity-log.ts'
import { decision } from '../support/decision.ts'
import { ids, LogFolder, list, roomy, told } from '../support/log-folder.ts'

const folder = new LogFolder()

describe('the log of requests', () => {
  test('gives back what was recorded, newest first, before it is on disk and after', async () => {
    const log = folder.open()
    log.record(decision())
    log.record(decision({ slot: null, streamed: false, candidates: [], caller: null }))
    const expected = [
      decision({ id: 2, slot: null, streamed: false, candidates: [], caller: null }),
      decision({ id: 1 }),
    ]
    expect(await list(log)).toEqual(expected)
    await log.close()
    expect(await list(folder.open())).toEqual(expected)
  })

  test('works in a thread of its own', async () => {
    const log = new ActivityLog({
      start: () => new Worker(new URL('../../../src/log-thread.ts', import.meta.url), { smol: true }),
      path: folder.path,
      oldFolder: folder.oldFolder,
      bounds: roomy,
      time: () => 7,
    })
    const written = told(log, 1)
    log.record(decision())
    expect(await written).toEqual([7000])
    expect(await list(log)).toEqual([decision({ id: 7000 })])
    await log.close()
    expect(log.problems()).toEqual([])
  })

  test('publishes each decision once, when it is written', async () => {
    const log = folder.open()
    const heard: number[] = []
    log.added.subscribe(({ id }) => heard.push(id))
    const written = told(log, 3)
    log.record(decision())
    log.record(decision())
    await list(log)
    log.record(decision())
    expect(await written).toEqual([1, 2, 3])
    expect(heard).toEqual([1, 2, 3])
  })

  test('gives back names with line ends, quotes and NUL as they were', async () => {
    const model = 'a\nb"c\u2028ü\u0000d'
    const log = folder.open()
    log.record(decision({ model }))
    log.record(decision())
    await log.close()
    expect(await list(folder.open(), { model })).toEqual([decision({ id: 1, model })])
  })

  test('is readable for its owner and group alone', async () => {
    await folder.open().list({})
    for (const name of readdirSync(folder.root)) {
      const { mode } = await Bun.file(join(folder.root, name)).stat()
      expect(mode & 0o007).toBe(0)
    }
  })

  test('beyond 32 queries at a time tells to retry', async () => {
    const log = folder.open()
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => log.list({})))
    const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    expect(refused.length).toBe(8)
    expect(refused[0]?.reason).toMatchObject({ code: 'daemon.busy', retryAfterS: 1 })
    expect(await list(log)).toEqual([])
  })
})

describe('an id', () => {
  test('is never used again once it was published, however the daemon ended', async () => {
    const first = folder.open()
    const written = told(first, 5)
    for (let turn = 0; turn < 5; turn++) first.record(decision())
    expect(await written).toEqual([1, 2, 3, 4, 5])
    first.record(decision())
    // The first one is not closed: as after a kill, what it has not written is lost.
    const second = folder.open()
    second.record(decision())
    expect(ids(await list(second, { limit: 1 }))).toEqual([6])
  })

  test('continues counting where an earlier daemon ended in order', async () => {
    const first = folder.open()
    for (let turn = 0; turn < 60; turn++) first.record(decision())
    await first.close()
    const second = folder.open({}, 1)
    second.record(decision())
    expect(ids(await list(second, { limit: 1 }))).toEqual([61])
  })

  test('is never used again once it was listed while the disk refused it, however the daemon ended', async () => {
    const first = folder.open({}, 3)
    first.record(decision())
    await list(first)
    const thread = folder.threads[0]
    if (thread !== undefined) thread.held = []
    first.record(decision())
    expect(ids(await list(first, { limit: 1 }))).toEqual([3001])
    const second = folder.open({}, 4)
    second.record(decision())
    expect(ids(await list(second, { limit: 1 }))).toEqual([4000])
  })

  test('rises although daemons are killed again and again', async () => {
    for (let life = 1; life <= 20; life++) {
      const log = folder.open({ rows: 10 }, life)
      const written = told(log, 3)
      for (let turn = 0; turn < 3; turn++) log.record(decision())
      await written
    }
    const expected = [20, 19, 18].flatMap((life) => [2, 1, 0].map((turn) => life * 1000 + turn))
    expect(ids(await list(folder.open({ rows: 10 }, 21)))).toEqual([...expected, 17_002])
  })
})

describe('a thread that is slow', () => {
  test('costs bounded memory and no request, and what is lost is counted', async () => {
    const log = folder.open()
    await list(log)
    const thread = folder.threads[0]
    if (thread !== undefined) thread.held = []
    for (let turn = 0; turn < 12_000; turn++) log.record(decision())
    expect(log.dropped).toBeGreaterThanOrEqual(2000)
    expect(log.dropped).toBeLessThan(3000)
    thread?.letGo()
    await log.close()
    const rows = ids((await folder.open().list({ limit: 100_000 })).decisions)
    expect(rows.length).toBe(12_000 - log.dropped)
    expect(rows).toEqual(rows.toSorted((a, b) => b - a))
  })

  test('and dies is replaced, and nothing is lost or published twice', async () => {
    const log = folder.open()
    const heard: number[] = []
    log.added.subscribe(({ id }) => heard.push(id))
    const first = told(log, 1)
    log.record(decision())
    await first
    const thread = folder.threads[0]
    if (thread !== undefined) thread.held = []
    log.record(decision({ slot: 'second' }))
    const asked = log.list({})
    await Bun.sleep(0)
    thread?.fail()
    expect(ids((await asked).decisions)).toContain(2)
    expect(log.problems().join()).toContain(folder.path)
    // A query tries again at once.
    const again = told(log, 1)
    log.record(decision({ slot: 'third' }))
    await list(log)
    await again
    expect(log.problems()).toEqual([])
    expect(ids(await list(log))).toEqual([3, 2, 1])
    expect(heard).toEqual([1, 2, 3])
    expect(folder.threads.length).toBe(2)
  })
})
