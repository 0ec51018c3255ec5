import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Decision } from '../../../src/contract/system.ts'
import { DecisionFiles } from '../../../src/dispatch/decisions/decision-files.ts'
import type { DecisionQuery } from '../../../src/dispatch/decisions/decision-log.ts'
import { searchDecisions } from '../../../src/dispatch/decisions/decision-search.ts'
import { Decisions } from '../../../src/dispatch/decisions/decisions.ts'
import { makePipe } from '../../support/make-pipe.ts'

let root = ''
let folder = ''
const opened: Decisions[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hal0-decisions-'))
  folder = join(root, 'decisions')
})
afterEach(() => {
  for (const decisions of opened.splice(0)) decisions.close()
  rmSync(root, { recursive: true, force: true })
})

/** @param time from which ids begin if the log does not know them; 0: at 1, or where its files end */
const open = (keep?: number, time = 0): Decisions => {
  const decisions = new Decisions({ folder, time: () => time, ...(keep === undefined ? {} : { keep }) })
  opened.push(decisions)
  return decisions
}
const decision = (more: Partial<Decision> = {}): Decision => ({
  id: 0,
  time: '2026-01-02T03:04:05.678Z',
  request_id: 'abc',
  path: '/v1/chat/completions',
  caller: { kind: 'local', name: null, address: '127.0.0.1' },
  model: 'gpt-4o',
  candidates: ['tiny', 'big'],
  slot: 'primary',
  reason: 'alias of primary',
  state: 'ready',
  wait_ms: 0.25,
  first_byte_ms: 1.5,
  duration_ms: 2.5,
  status: 200,
  outcome: 'ok',
  code: null,
  streamed: true,
  prompt_tokens: 5,
  completion_tokens: null,
  ...more,
})
/** Every line on the disk, the oldest first. */
const lines = (): string[] =>
  readdirSync(folder)
    .toSorted()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
const newestFile = (): string => join(folder, readdirSync(folder).toSorted().at(-1) ?? '')
const list = async (decisions: Decisions, query: DecisionQuery): Promise<Decision[]> =>
  (await decisions.list(query)).decisions
const ids = (decisions: Decision[]): number[] => decisions.map(({ id }) => id)

describe('the decision log', () => {
  test('gives back what was recorded, newest first, before it is on disk and after', async () => {
    const decisions = open()
    decisions.record(decision())
    decisions.record(decision({ slot: null, streamed: false, candidates: [] }))
    const expected = [decision({ id: 2, slot: null, streamed: false, candidates: [] }), decision({ id: 1 })]
    expect(await list(decisions, {})).toEqual(expected)
    decisions.close()
    expect(await list(open(), {})).toEqual(expected)
  })

  test('can be queried by slot, by model and by page', async () => {
    const decisions = open()
    for (let turn = 0; turn < 10; turn++) {
      decisions.record(decision({ slot: turn % 2 === 0 ? 'a' : 'b', model: turn < 5 ? 'x' : 'y' }))
    }
    expect(ids(await list(decisions, { slot: 'a' }))).toEqual([9, 7, 5, 3, 1])
    expect(ids(await list(decisions, { slot: 'a', model: 'y' }))).toEqual([9, 7])
    expect(ids(await list(decisions, { limit: 3 }))).toEqual([10, 9, 8])
    expect(ids(await list(decisions, { limit: 3, before: 8 }))).toEqual([7, 6, 5])
    expect(ids(await list(decisions, { model: "x' OR 1=1 --" }))).toEqual([])
  })

  test('publishes each decision once', async () => {
    const decisions = open()
    const heard: Decision[] = []
    decisions.added.subscribe((added) => heard.push(added))
    decisions.record(decision())
    decisions.record(decision())
    await list(decisions, {})
    expect(heard.map(({ id }) => id)).toEqual([1, 2])
    expect(heard[0]).toEqual(decision({ id: 1 }))
  })

  test('never reuses an id that it published, however the daemon ended', async () => {
    const first = open()
    const told: number[] = []
    const written = Promise.withResolvers<void>()
    first.added.subscribe(({ id }) => {
      told.push(id)
      if (id === 5) written.resolve()
    })
    for (let turn = 0; turn < 5; turn++) first.record(decision())
    expect(told).toEqual([])
    await written.promise
    first.record(decision())
    // The first one is not closed: as after a kill, what it has not written is lost.
    const second = open()
    second.record(decision())
    const [newest] = await list(second, { limit: 1 })
    expect(told).toEqual([1, 2, 3, 4, 5])
    expect(newest?.id).toBe(6)
  })

  test('continues counting where an earlier daemon ended in order', async () => {
    const first = open()
    for (let turn = 0; turn < 60; turn++) first.record(decision())
    first.close()
    const second = open(undefined, 1)
    second.record(decision())
    expect((await list(second, { limit: 1 }))[0]?.id).toBe(61)
  })

  test('never reuses an id that it listed while the disk refused it, however the daemon ended', async () => {
    const first = open(8)
    const second = join(folder, '0000000000000003.jsonl')
    mkdirSync(second)
    for (let turn = 0; turn < 4; turn++) first.record(decision())
    expect(ids(await list(first, {}))).toEqual([4, 3, 2, 1])
    rmSync(second, { recursive: true })
    // The first one is not closed: what it has not written is lost, as after a kill.
    const next = open(8, 7)
    for (let turn = 0; turn < 2; turn++) next.record(decision())
    expect(ids(await list(next, {}))).toEqual([7001, 7000, 2, 1])
  })

  test('never reuses an id that it listed while its folder could not be used at all', async () => {
    writeFileSync(folder, '')
    const first = open(undefined, 3)
    first.record(decision())
    expect(ids(await list(first, {}))).toEqual([3000])
    const second = open(undefined, 4)
    second.record(decision())
    expect(ids(await list(second, {}))).toEqual([4000])
  })

  test('keeps as many as it should although daemons are killed again and again', async () => {
    for (let life = 1; life <= 20; life++) {
      const decisions = open(10, life)
      for (let turn = 0; turn < 3; turn++) decisions.record(decision())
      await list(decisions, {})
    }
    const expected = [20, 19, 18].flatMap((life) => [2, 1, 0].map((turn) => life * 1000 + turn))
    expect(ids(await list(open(10, 21), {}))).toEqual([...expected, 17_002])
    expect(lines().length).toBeLessThan(15)
  })

  test('keeps the newest and removes the others from the disk', async () => {
    const decisions = open(100)
    for (let turn = 0; turn < 1234; turn++) decisions.record(decision())
    const listed = ids(await list(decisions, { limit: 1000 }))
    expect(listed).toEqual(Array.from({ length: 100 }, (_, index) => 1234 - index))
    decisions.close()
    expect(lines().length).toBeLessThan(150)
  })

  test('can be read page by page across its files', async () => {
    const decisions = open(1000)
    for (let turn = 0; turn < 1000; turn++) decisions.record(decision({ slot: turn % 100 === 0 ? 'rare' : 'often' }))
    expect(readdirSync(folder).length).toBeGreaterThan(2)
    expect(ids(await list(decisions, { limit: 2, before: 252 }))).toEqual([251, 250])
    expect(ids(await list(decisions, { slot: 'rare', before: 402 }))).toEqual([401, 301, 201, 101, 1])
  })

  test('reads what an earlier hal0 wrote, which did not record the caller', async () => {
    const { caller: _, ...earlier } = { ...decision(), id: 1 }
    mkdirSync(folder)
    writeFileSync(join(folder, '0000000000000001.jsonl'), `${JSON.stringify(earlier)}\n`)
    expect((await open().list({})).decisions).toEqual([{ ...earlier, caller: null }])
  })

  test('gives back names with line ends and quotes as they were', async () => {
    const model = 'a\nb"c\u2028ü'
    const decisions = open()
    decisions.record(decision({ model }))
    decisions.record(decision())
    expect(await list(decisions, { model })).toEqual([decision({ id: 1, model })])
  })

  test('writes in the background within a second', async () => {
    const decisions = open()
    decisions.record(decision())
    const deadline = Date.now() + 5000
    const written = () => readdirSync(folder).length > 0 && lines().length === 1
    while (!written() && Date.now() < deadline) await Bun.sleep(20)
    expect(written()).toBe(true)
  })
})

describe('a query', () => {
  const fill = (rows: number): Decisions => {
    const decisions = open()
    for (let turn = 0; turn < rows; turn++) decisions.record(decision({ slot: turn % 500 === 0 ? 'rare' : 'often' }))
    return decisions
  }

  test('is answered page by page, each once and with the next one named', async () => {
    const decisions = fill(5000)
    const all: number[] = []
    let pages = 0
    for (let before: number | null | undefined; before !== null; ) {
      const page = await decisions.list({ limit: 700, ...(before === undefined ? {} : { before }) })
      all.push(...ids(page.decisions))
      before = page.next
      pages++
    }
    expect(pages).toBe(8)
    expect(all).toEqual(Array.from({ length: 5000 }, (_, at) => 5000 - at))
  })

  test('searches a bounded part for one page, and says where to continue', async () => {
    fill(5000).close()
    const files = new DecisionFiles(folder, 100_000)
    try {
      const found: number[] = []
      const sizes: number[] = []
      for (let before: number | null | undefined; before !== null; ) {
        const page = await searchDecisions(
          files,
          { slot: 'rare', ...(before === undefined ? {} : { before }) },
          300_000,
        )
        found.push(...ids(page.decisions))
        sizes.push(page.decisions.length)
        before = page.next
      }
      expect(found).toEqual(Array.from({ length: 10 }, (_, at) => 4501 - at * 500))
      expect(sizes.length).toBeGreaterThan(2)
    } finally {
      files.close(true)
    }
  })

  test('asks for what came after an id', async () => {
    const decisions = fill(20)
    expect(ids(await list(decisions, { after: 17 }))).toEqual([20, 19, 18])
  })

  test('lets other work run while it searches', async () => {
    const decisions = fill(20_000)
    let turns = 0
    let over = false
    const count = (): void => {
      turns++
      if (!over) setImmediate(count)
    }
    const asked = decisions.list({ slot: 'nowhere' })
    count()
    await asked
    over = true
    expect(turns).toBeGreaterThan(10)
  })

  test('beyond 32 at a time is told to retry', async () => {
    const decisions = fill(100)
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => decisions.list({})))
    const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    expect(refused.length).toBe(8)
    expect(refused[0]?.reason).toMatchObject({ code: 'daemon.busy', retryAfterS: 1 })
    expect((await list(decisions, {})).length).toBe(100)
  })
})

describe('a disk that fails', () => {
  test('and leaves half a line loses that line only', async () => {
    const first = open()
    for (let turn = 0; turn < 20; turn++) first.record(decision())
    first.close()
    truncateSync(newestFile(), readFileSync(newestFile()).indexOf('{"id":20,') + 20)
    const decisions = open()
    expect((await list(decisions, {})).length).toBe(19)
    decisions.record(decision({ slot: 'after' }))
    expect((await list(decisions, { limit: 2 })).map(({ id, slot }) => [id, slot])).toEqual([
      [20, 'after'],
      [19, 'primary'],
    ])
    decisions.close()
    expect(lines().map((line) => (JSON.parse(line) as Decision).id)).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    )
  })

  test('and writes garbage into its files loses what was there, and no more', async () => {
    const first = open(40)
    for (let turn = 0; turn < 15; turn++) first.record(decision())
    first.close()
    writeFileSync(
      join(folder, readdirSync(folder).toSorted()[0] ?? ''),
      '\0\xff{"id":"x"}\nnull\n{"id":\n'.repeat(1000),
    )
    appendFileSync(newestFile(), '\0'.repeat(5000))
    const decisions = open(40)
    decisions.record(decision())
    expect(ids(await list(decisions, {}))).toEqual([16, 15, 14, 13, 12, 11])
    expect(decisions.problem()).toBeNull()
  })

  for (const [what, make] of [
    ['a folder', mkdirSync],
    ['a pipe', makePipe],
    ['a link to itself', (at: string) => symlinkSync(at, at)],
  ] as const) {
    test(`and puts ${what} in the place of its files loses what was there, and no more`, async () => {
      const first = open(8)
      for (let turn = 0; turn < 6; turn++) first.record(decision())
      first.close()
      for (const name of readdirSync(folder).slice(1)) {
        rmSync(join(folder, name))
        make(join(folder, name))
      }
      const decisions = open(8, 1)
      decisions.record(decision())
      expect(ids(await list(decisions, {}))).toEqual([1000, 2, 1])
      expect(decisions.problem()).toBeNull()
      expect(readdirSync(folder).filter((name) => name.includes('.damaged-'))).toHaveLength(2)
    })

    test(`and puts ${what} in the place of a file that is being used holds up no query`, async () => {
      const decisions = open(8)
      for (let turn = 0; turn < 6; turn++) decisions.record(decision())
      expect(ids(await list(decisions, {}))).toEqual([6, 5, 4, 3, 2, 1])
      const [oldest = ''] = readdirSync(folder).toSorted()
      rmSync(join(folder, oldest))
      make(join(folder, oldest))
      expect(ids(await list(decisions, {}))).toEqual([6, 5, 4, 3])
      decisions.record(decision())
      expect(ids(await list(decisions, { limit: 1 }))).toEqual([7])
      expect(decisions.problem()).toBeNull()
    })
  }

  test('half way through a write has each decision published once', async () => {
    const decisions = open(8)
    const second = join(folder, '0000000000000003.jsonl')
    mkdirSync(second)
    for (let turn = 0; turn < 4; turn++) decisions.record(decision())
    expect(ids(await list(decisions, {}))).toEqual([4, 3, 2, 1])
    expect(decisions.problem()).toContain(folder)
    rmSync(second, { recursive: true })
    expect(ids(await list(decisions, {}))).toEqual([4, 3, 2, 1])
    expect(decisions.problem()).toBeNull()
    expect(lines().length).toBe(4)
  })

  test('and loses its files to somebody who removes them continues with new ones', async () => {
    const decisions = open()
    decisions.record(decision())
    expect(ids(await list(decisions, {}))).toEqual([1])
    rmSync(folder, { recursive: true })
    expect(ids(await list(decisions, {}))).toEqual([])
    decisions.record(decision())
    expect(ids(await list(decisions, {}))).toEqual([2])
    expect(decisions.problem()).toBeNull()
    expect(lines().length).toBe(1)
  })

  test('for a while is reported; decisions are kept, and written afterwards', async () => {
    writeFileSync(folder, '')
    const decisions = open()
    decisions.record(decision({ slot: 'a' }))
    decisions.record(decision({ slot: 'b' }))
    expect(ids(await list(decisions, { slot: 'a' }))).toEqual([1])
    expect(decisions.problem()).toContain(folder)
    rmSync(folder)
    expect(ids(await list(decisions, {}))).toEqual([2, 1])
    expect(decisions.problem()).toBeNull()
    decisions.close()
    expect(ids(await list(open(), {}))).toEqual([2, 1])
  })

  test('has each decision that it refuses published once', async () => {
    writeFileSync(folder, '')
    const decisions = open()
    const told: number[] = []
    decisions.added.subscribe(({ id }) => told.push(id))
    decisions.record(decision())
    await list(decisions, {})
    rmSync(folder)
    decisions.record(decision())
    await list(decisions, {})
    expect(told).toEqual([1, 2])
  })

  test('for long costs bounded memory and no request', async () => {
    writeFileSync(folder, '')
    const decisions = open()
    for (let turn = 0; turn < 12_000; turn++) decisions.record(decision())
    const listed = ids(await list(decisions, { limit: 100_000 }))
    expect(listed.length).toBe(10_000)
    expect(listed[0]).toBe(12_000)
  })

  test('at first does not make ids start over once it works', async () => {
    const first = open()
    for (let turn = 0; turn < 7; turn++) first.record(decision())
    first.close()
    renameSync(folder, `${folder}-away`)
    writeFileSync(folder, '')
    const decisions = open()
    decisions.record(decision())
    rmSync(folder)
    renameSync(`${folder}-away`, folder)
    expect(ids(await list(decisions, {}))).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
  })
})
