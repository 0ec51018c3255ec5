import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Captured, captureBounds } from '../../../src/contract/logs/captured.ts'
import { CaptureStore } from '../../../src/observability/capture/capture-store.ts'

let root: string
let store: CaptureStore
const folderOf = (slot: string) => join(root, slot, 'captures')
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hal0-captures-'))
  for (const slot of ['one', 'two']) await mkdir(join(root, slot))
  store = new CaptureStore(folderOf)
})
afterEach(async () => {
  await store.settled()
  await rm(root, { recursive: true, force: true })
})

const captured = (request_id: string, text = 'hello'): Captured => ({
  time: '2026-01-02T03:04:05.678Z',
  request_id,
  path: '/v1/chat/completions',
  model: 'primary',
  status: 200,
  outcome: 'ok',
  request: { text, bytes: text.length },
  answer: { text: null, bytes: 7 },
})
const idsOf = async (slot: string, limit = 100): Promise<string[]> =>
  (await store.list(slot, limit)).map(({ request_id }) => request_id)
/** Keeps one after the other, as fast as the disk takes them. */
const keepAll = async (slot: string, all: readonly Captured[]): Promise<void> => {
  for (const one of all) {
    store.keep(slot, one)
    await store.settled()
  }
}

describe('what is captured', () => {
  test('is read back, newest first, also by the next daemon', async () => {
    await keepAll(
      'one',
      ['a', 'b', 'c'].map((id) => captured(id)),
    )
    expect(await store.list('one', 1)).toEqual([captured('c')])
    store = new CaptureStore(folderOf)
    expect(await idsOf('one')).toEqual(['c', 'b', 'a'])
    expect(await idsOf('two')).toEqual([])
    await keepAll('one', [captured('d')])
    expect(await idsOf('one', 2)).toEqual(['d', 'c'])
  })

  test('can be read by nobody else', async () => {
    await keepAll('one', [captured('a')])
    const [file = ''] = await readdir(folderOf('one'))
    expect((await stat(folderOf('one'))).mode & 0o077).toBe(0)
    expect((await stat(join(folderOf('one'), file))).mode & 0o077).toBe(0)
  })

  test('is bounded in number and bytes for each slot', async () => {
    const many = Array.from({ length: captureBounds.requests + 5 }, (_, i) => captured(`r${i}`))
    await keepAll('one', many)
    const ids = await idsOf('one', 1000)
    expect(ids.length).toBe(captureBounds.requests)
    expect(ids.at(-1)).toBe('r5')
    const large = captured('large', 'x'.repeat(captureBounds.bytes / 4))
    await keepAll('one', [large, large, large, large])
    expect(await idsOf('one')).toEqual(['large', 'large', 'large'])
    expect((await readdir(folderOf('one'))).length).toBe(3)
  })

  test('is left out where the disk does not keep up, and holds nobody up', async () => {
    for (let i = 0; i < 200; i++) store.keep('one', captured(`r${i}`))
    const ids = await idsOf('one', 1000)
    expect(ids.length).toBeGreaterThanOrEqual(1)
    expect(ids.length).toBeLessThan(200)
    expect(ids.at(-1)).toBe('r0')
  })

  test('is deleted when capture is turned off', async () => {
    store.keep('one', captured('a'))
    store.forget('one')
    expect(await idsOf('one')).toEqual([])
    expect(await readdir(join(root, 'one'))).toEqual([])
    await keepAll('one', [captured('b')])
    expect(await idsOf('one')).toEqual(['b'])
  })

  test('does not bring back the folder of a slot that was deleted', async () => {
    await keepAll('one', [captured('a')])
    await rm(join(root, 'one'), { recursive: true })
    store.dropped('one')
    await keepAll('one', [captured('b')])
    expect(await readdir(root)).toEqual(['two'])
    expect(await idsOf('one')).toEqual([])
  })

  test('is skipped where a file was damaged', async () => {
    await keepAll('one', [captured('a'), captured('b')])
    const [first = ''] = await readdir(folderOf('one')).then((files) => files.sort())
    await writeFile(join(folderOf('one'), first), '{"time"')
    expect(await idsOf('one')).toEqual(['b'])
  })
})
