import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { makePipe } from '../../support/make-pipe.ts'
import { decision } from '../support/decision.ts'
import { ids, LogFolder, list, told } from '../support/log-folder.ts'

const folder = new LogFolder()
const damaged = (): string[] => readdirSync(folder.root).filter((name) => /^hal0\.db\.damaged-\d+$/.test(name))

describe('the log keeps', () => {
  test('so many of the newest requests', async () => {
    const log = folder.open({ rows: 100 })
    for (let turn = 0; turn < 1234; turn++) log.record(decision())
    await log.close()
    const page = await folder.open({ rows: 100 }).list({ limit: 1000 })
    expect(ids(page.decisions)).toEqual(Array.from({ length: 100 }, (_, index) => 1234 - index))
    expect(page.next).toBeNull()
  })

  test('so many days of them', async () => {
    const day = 86_400_000
    const ago = (days: number): string => new Date(Date.now() - days * day).toISOString()
    const log = folder.open({ days: 3 })
    for (const days of [5, 4, 2, 1, 0]) log.record(decision({ time: ago(days) }))
    await log.close()
    expect(ids(await list(folder.open()))).toEqual([5, 4, 3])
  })

  test('so many bytes of them', async () => {
    const bytes = 1024 * 1024
    const log = folder.open({ bytes })
    for (let turn = 0; turn < 5000; turn++) log.record(decision({ reason: 'x'.repeat(500) }))
    await log.close()
    const kept = ids((await folder.open({ bytes }).list({ limit: 10_000 })).decisions)
    expect(kept[0]).toBe(5000)
    expect(kept.length).toBeGreaterThan(500)
    expect(kept.length).toBeLessThan(2500)
    expect(statSync(folder.path).size).toBeLessThan(4 * bytes)
  })

  test('what an earlier hal0 wrote as lines of JSON, and removes its files', async () => {
    mkdirSync(folder.oldFolder)
    const line = (id: number) => {
      const { load_ms: _l, queue_ms: _q, cached_tokens: _c, tokens_per_second: _t, ...earlier } = decision({ id })
      return `${JSON.stringify(earlier)}\n`
    }
    const { caller: _, ...oldest } = JSON.parse(line(1)) as Record<string, unknown>
    writeFileSync(
      join(folder.oldFolder, '0000000000000001.jsonl'),
      `${JSON.stringify(oldest)}\n\0\xff\nnull\n${line(2)}`,
    )
    writeFileSync(join(folder.oldFolder, '0000000000000003.jsonl'), `${line(3)}{"ended":"in order"}\n{"id":4,"cut`)
    const notRecorded = { load_ms: null, queue_ms: null, cached_tokens: null, tokens_per_second: null }
    const log = folder.open({}, 5)
    expect(await list(log)).toEqual([
      decision({ id: 3, ...notRecorded }),
      decision({ id: 2, ...notRecorded }),
      decision({ id: 1, ...notRecorded, caller: null }),
    ])
    expect(existsSync(folder.oldFolder)).toBe(false)
    log.record(decision())
    expect(ids(await list(log, { limit: 1 }))).toEqual([5000])
    expect(log.problems()).toEqual([])
  })

  test('only as many of them as it should, and leaves what somebody else put there', async () => {
    mkdirSync(folder.oldFolder)
    for (let id = 1; id <= 5; id++) {
      writeFileSync(join(folder.oldFolder, `000000000000000${id}.jsonl`), `${JSON.stringify(decision({ id }))}\n`)
    }
    makePipe(join(folder.oldFolder, '0000000000000009.jsonl'))
    expect(ids(await list(folder.open({ rows: 2 })))).toEqual([5, 4])
    expect(readdirSync(folder.oldFolder)).toEqual(['0000000000000009.jsonl'])
  })
})

describe('a database', () => {
  const recordOne = async (): Promise<void> => {
    const log = folder.open()
    log.record(decision())
    await log.close()
  }

  for (const [what, make] of [
    ['garbage', (path: string) => writeFileSync(path, 'garbage '.repeat(5000))],
    ['the table of somebody else', (path: string) => new Database(path).run('CREATE TABLE decisions (x)')],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a pipe', makePipe],
    ['a link to itself', (path: string) => symlinkSync(path, path)],
  ] as const) {
    test(`with ${what} in its place is moved aside, which is told, and the log begins anew`, async () => {
      await recordOne()
      rmSync(folder.path)
      make(folder.path)
      const log = folder.open({}, 1)
      log.record(decision())
      expect(ids(await list(log))).toEqual([1000])
      expect(log.problems()).toEqual([expect.stringContaining(`${folder.path} was damaged, and is `)])
      expect(damaged()).toHaveLength(1)
      await log.close()
      expect(ids(await list(folder.open()))).toEqual([1000])
    })
  }

  test('whose pages are overwritten while it is used is moved aside, and the log goes on', async () => {
    const log = folder.open()
    for (let turn = 0; turn < 3000; turn++) log.record(decision())
    await log.close()
    const bytes = readFileSync(folder.path)
    // The first page is whole, so that it opens.
    bytes.fill(0xa5, 4096)
    writeFileSync(folder.path, bytes)
    const next = folder.open({}, 9)
    next.record(decision())
    expect(ids(await list(next))).toEqual([9000])
    await next.close()
    expect(damaged()).toHaveLength(1)
    expect(ids(await list(folder.open()))).toEqual([9000])
  })

  test('that somebody removes is made again by the next requests', async () => {
    const log = folder.open()
    const first = told(log, 1)
    log.record(decision())
    await first
    for (const name of readdirSync(folder.root)) rmSync(join(folder.root, name))
    const second = told(log, 1)
    log.record(decision())
    await second
    expect(ids(await list(log))).toEqual([2])
    expect(log.problems()).toEqual([])
    await log.close()
    expect(ids(await list(folder.open()))).toEqual([2])
  })

  test('whose disk is away is a problem; requests are kept in memory, published, and written afterwards', async () => {
    renameSync(folder.root, `${folder.root}-away`)
    const log = folder.open({}, 3)
    const heard: number[] = []
    log.added.subscribe(({ id }) => heard.push(id))
    const first = told(log, 2)
    log.record(decision({ slot: 'a' }))
    log.record(decision({ slot: 'b' }))
    await list(log)
    expect(log.problems()).toEqual([expect.stringContaining(`The log of requests in ${folder.path} cannot be used`)])
    expect(await first).toEqual([3000, 3001])
    expect(ids(await list(log, { slot: 'a' }))).toEqual([3000])
    renameSync(`${folder.root}-away`, folder.root)
    const second = told(log, 1)
    log.record(decision())
    await list(log)
    await second
    expect(log.problems()).toEqual([])
    await log.close()
    expect(ids(await list(folder.open()))).toEqual([3002, 3001, 3000])
    expect(heard).toEqual([3000, 3001, 3002])
  })

  test('that another program reads is written all the same', async () => {
    const log = folder.open()
    await list(log)
    const reader = new Database(folder.path, { readonly: true })
    reader.run('BEGIN')
    reader.query('SELECT * FROM decisions').all()
    const written = told(log, 1)
    log.record(decision())
    expect(await written).toEqual([1])
    expect(log.problems()).toEqual([])
    reader.close()
  })
})
