import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Decision } from '../../src/contract/system.ts'
import { Decisions } from '../../src/dispatch/decisions.ts'

let folder = ''
let file = ''
const opened: Decisions[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hal0-decisions-'))
  file = join(folder, 'hal0.db')
})
afterEach(() => {
  for (const decisions of opened.splice(0)) decisions.close()
  rmSync(folder, { recursive: true, force: true })
})

const open = (keep?: number): Decisions => {
  const decisions = new Decisions(keep === undefined ? { file } : { file, keep })
  opened.push(decisions)
  return decisions
}
const decision = (more: Partial<Decision> = {}): Decision => ({
  id: 0,
  time: '2026-01-02T03:04:05.678Z',
  request_id: 'abc',
  path: '/v1/chat/completions',
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
const ids = (decisions: Decision[]): number[] => decisions.map(({ id }) => id)

describe('the decision log', () => {
  test('gives back what was recorded, newest first, before it is on disk and after', () => {
    const decisions = open()
    decisions.record(decision())
    decisions.record(decision({ slot: null, streamed: false, candidates: [] }))
    const expected = [decision({ id: 2, slot: null, streamed: false, candidates: [] }), decision({ id: 1 })]
    expect(decisions.list({})).toEqual(expected)
    decisions.close()
    expect(open().list({})).toEqual(expected)
  })

  test('is asked by slot, by model, by page', () => {
    const decisions = open()
    for (let turn = 0; turn < 10; turn++) {
      decisions.record(decision({ slot: turn % 2 === 0 ? 'a' : 'b', model: turn < 5 ? 'x' : 'y' }))
    }
    expect(ids(decisions.list({ slot: 'a' }))).toEqual([9, 7, 5, 3, 1])
    expect(ids(decisions.list({ slot: 'a', model: 'y' }))).toEqual([9, 7])
    expect(ids(decisions.list({ limit: 3 }))).toEqual([10, 9, 8])
    expect(ids(decisions.list({ limit: 3, before: 8 }))).toEqual([7, 6, 5])
    expect(ids(decisions.list({ model: "x' OR 1=1 --" }))).toEqual([])
  })

  test('tells its listeners of each decision once', () => {
    const decisions = open()
    const heard: Decision[] = []
    decisions.added.subscribe((added) => heard.push(added))
    decisions.record(decision())
    decisions.record(decision())
    expect(heard.map(({ id }) => id)).toEqual([1, 2])
    expect(heard[0]).toEqual(decision({ id: 1 }))
  })

  test('goes on counting where an earlier daemon ended', () => {
    const first = open()
    for (let turn = 0; turn < 60; turn++) first.record(decision())
    first.close()
    const second = open()
    second.record(decision())
    expect(second.list({ limit: 1 })[0]?.id).toBe(61)
  })

  test('keeps the newest and removes the others from the disk', () => {
    const decisions = open(100)
    for (let turn = 0; turn < 1234; turn++) decisions.record(decision())
    const listed = ids(decisions.list({ limit: 1000 }))
    expect(listed).toEqual(Array.from({ length: 100 }, (_, index) => 1234 - index))
    decisions.close()
    const database = new Database(file, { readonly: true })
    const { rows } = database.query<{ rows: number }, []>('SELECT count(*) AS rows FROM decisions').get() ?? { rows: 0 }
    database.close()
    expect(rows).toBeLessThan(700)
  })

  test('writes in the background within a second', async () => {
    const decisions = open()
    decisions.record(decision())
    const database = new Database(file, { readonly: true })
    const count = database.query<{ rows: number }, []>('SELECT count(*) AS rows FROM decisions')
    const deadline = Date.now() + 5000
    while (count.get()?.rows !== 1 && Date.now() < deadline) await Bun.sleep(20)
    expect(count.get()?.rows).toBe(1)
    database.close()
  })
})

describe('a disk that fails', () => {
  test('with a file that is no database moves it aside and starts anew', () => {
    writeFileSync(file, 'this is no database, '.repeat(1000))
    const decisions = open()
    decisions.record(decision())
    expect(ids(decisions.list({}))).toEqual([1])
    expect(decisions.problem()).toBeNull()
    const aside = readdirSync(folder).filter((name) => name.startsWith('hal0.db.broken-'))
    expect(aside.length).toBe(1)
    expect(readFileSync(join(folder, aside[0] ?? ''), 'utf8')).toStartWith('this is no database')
  })

  test('with a database that was damaged moves it aside and goes on', () => {
    const first = open()
    for (let turn = 0; turn < 2000; turn++) first.record(decision())
    first.close()
    const bytes = readFileSync(file)
    bytes.fill(0xff, 4096, bytes.length)
    writeFileSync(file, bytes)
    const decisions = open()
    decisions.record(decision())
    expect(decisions.list({}).length).toBe(1)
    expect(decisions.problem()).toBeNull()
    expect(readdirSync(folder).some((name) => name.startsWith('hal0.db.broken-'))).toBe(true)
  })

  test('for a while says so, keeps what is recorded, and writes it afterwards', () => {
    mkdirSync(file)
    const decisions = open()
    decisions.record(decision({ slot: 'a' }))
    decisions.record(decision({ slot: 'b' }))
    expect(ids(decisions.list({ slot: 'a' }))).toEqual([1])
    expect(decisions.problem()).toContain(file)
    rmSync(file, { recursive: true })
    expect(ids(decisions.list({}))).toEqual([2, 1])
    expect(decisions.problem()).toBeNull()
    decisions.close()
    expect(ids(open().list({}))).toEqual([2, 1])
  })

  test('for long costs bounded memory and no request', () => {
    mkdirSync(file)
    const decisions = open()
    for (let turn = 0; turn < 12_000; turn++) decisions.record(decision())
    const listed = ids(decisions.list({ limit: 100_000 }))
    expect(listed.length).toBe(10_000)
    expect(listed[0]).toBe(12_000)
  })

  test('at first does not make ids start again once it works', () => {
    const first = open()
    for (let turn = 0; turn < 7; turn++) first.record(decision())
    first.close()
    const saved = readFileSync(file)
    rmSync(file)
    mkdirSync(file)
    const decisions = open()
    decisions.record(decision())
    rmSync(file, { recursive: true })
    writeFileSync(file, saved)
    chmodSync(file, 0o644)
    expect(ids(decisions.list({}))).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
  })
})
