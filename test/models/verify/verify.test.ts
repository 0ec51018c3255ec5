import { expect, onTestFinished, test } from 'bun:test'
import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { VerificationProgress } from '../../../src/contract/models/model.ts'
import { parse } from '../../../src/lib/validate.ts'
import { ModelRegistry } from '../../../src/models/registry/registry.ts'
import type { VerificationNews } from '../../../src/models/registry/registry-port.ts'
import { Verifications } from '../../../src/models/registry/verifications.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'
import { endless, sparseModel } from '../gguf/sparse-model.ts'

const MiB = 1024 * 1024

/** Verifications in a new models folder, and their reports, each with its time. */
const setUp = () => {
  const models = tempDir()
  const clock = new HandClock()
  const verifications = new Verifications(models, clock)
  onTestFinished(() => verifications.close())
  const news: (VerificationNews & { at: number })[] = []
  verifications.changed.subscribe((one) => news.push({ ...one, at: clock.now() }))
  const figures = () =>
    news.flatMap(({ progress }) => (progress === null ? [] : [parse(VerificationProgress, progress)]))
  return { models, clock, verifications, news, figures }
}

/** Lets 50 ms pass on the clock with each turn of the event loop, until `work` is done. */
const passing = async <T>(clock: HandClock, work: Promise<T>): Promise<T> => {
  let over = false
  const turn = () => {
    clock.advance(50)
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  try {
    return await work
  } finally {
    over = true
  }
}

test('the progress begins at zero, never goes back, names each file, and ends at the total', async () => {
  const { models, clock, verifications, news, figures } = setUp()
  const entry = sparseModel(models, 'a', [24 * MiB, 16 * MiB + 5, 24 * MiB])
  const total = 64 * MiB + 5
  await passing(clock, verifications.verify(entry))
  const told = figures()
  expect(told[0]).toEqual({
    id: 'a',
    file: 'local--a/0.gguf',
    bytes_total: total,
    bytes_done: 0,
    throughput_bps: null,
    eta_s: null,
  })
  expect(told.map((one) => one.bytes_done)).toEqual(told.map((one) => one.bytes_done).sort((a, b) => a - b))
  expect(new Set(told.map((one) => one.bytes_total))).toEqual(new Set([total]))
  expect([...new Set(told.map((one) => one.file))]).toEqual([
    'local--a/0.gguf',
    'local--a/1.gguf',
    'local--a/2.gguf',
    null,
  ])
  expect(told.at(-1)).toMatchObject({ file: null, bytes_done: total, eta_s: 0 })
  expect(told.at(-1)?.throughput_bps).toBeGreaterThan(0)
  expect(news.at(-1)).toMatchObject({ id: 'a', progress: null })
  expect(news.filter(({ progress }) => progress === null)).toHaveLength(1)
  expect(clock.waiting).toBe(0)
})

test('the progress is reported at most four times a second', async () => {
  const { models, clock, verifications, news } = setUp()
  await passing(clock, verifications.verify(sparseModel(models, 'a', [64 * MiB])))
  const times = news.flatMap(({ progress, at }) => (progress === null ? [] : [at]))
  expect(times.length).toBeGreaterThan(8)
  for (const [index, at] of times.entries()) {
    expect((times[index + 4] ?? Number.POSITIVE_INFINITY) - at).toBeGreaterThanOrEqual(1000)
  }
})

test('a verification that is quicker than the first report still reports the total', async () => {
  const { models, verifications, figures } = setUp()
  await verifications.verify(sparseModel(models, 'a', [10]))
  expect(figures().map((one) => one.bytes_done)).toEqual([0, 10])
})

test('a missing, unreadable, shorter or longer file gets a verdict, and counts as done', async () => {
  const { models, clock, verifications, figures } = setUp()
  const entry = sparseModel(models, 'a', [10, MiB, 20, MiB, MiB, 30])
  const [, missing = '', loop = '', short = '', long = ''] = entry.files.map(({ path }) => join(models, path))
  for (const path of [missing, loop]) rmSync(path)
  symlinkSync(loop, loop)
  truncateSync(short, 5)
  truncateSync(long, 2 * MiB)
  const { ok, files } = await passing(clock, verifications.verify(entry))
  expect(ok).toBe(false)
  expect(files.map(({ problem }) => problem)).toEqual([
    'its content has changed',
    'it is missing',
    'it cannot be read (ELOOP)',
    `it has 5 bytes, ${MiB} are registered`,
    `it has ${2 * MiB} bytes, ${MiB} are registered`,
    'its content has changed',
  ])
  expect(files.map(({ actual }) => actual === null)).toEqual([false, true, true, false, false, false])
  const total = 3 * MiB + 60
  expect(Math.max(...figures().map((one) => one.bytes_done))).toBe(total)
  expect(figures().at(-1)).toMatchObject({ bytes_done: total, bytes_total: total })
})

test('a disk that fails during the read is a verdict too', async () => {
  const { models, verifications } = setUp()
  const entry = sparseModel(models, 'a', [10, 20])
  const [broken = ''] = entry.files.map(({ path }) => join(models, path))
  rmSync(broken)
  // A regular file that can be opened, but whose first page cannot be read.
  symlinkSync('/proc/self/mem', broken)
  const { files } = await verifications.verify(entry)
  expect(files.map(({ problem }) => problem)).toEqual(['it cannot be read (EIO)', 'its content has changed'])
})

test('a folder in the place of a file gets a verdict', async () => {
  const { models, verifications } = setUp()
  const entry = sparseModel(models, 'a', [10])
  const path = join(models, entry.files[0]?.path ?? '')
  rmSync(path)
  mkdirSync(path)
  expect((await verifications.verify(entry)).files[0]).toMatchObject({
    actual: null,
    problem: 'it is not a regular file',
  })
})

test('a second request for the same model joins, and another model has its own verification', async () => {
  const { models, verifications, news } = setUp()
  const a = sparseModel(models, 'a', [MiB])
  const b = sparseModel(models, 'b', [MiB])
  const [first, second, other] = await Promise.all([
    verifications.verify(a),
    verifications.verify(a),
    verifications.verify(b),
  ])
  expect(second).toBe(first)
  expect(other.id).toBe('b')
  const ends = news.filter(({ progress }) => progress === null).map(({ id }) => id)
  expect(ends.sort()).toEqual(['a', 'b'])
  expect(await verifications.verify(a)).not.toBe(first)
})

/** How often this process has `path` open. */
const descriptorsOf = (path: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      // It was closed after it was listed.
      return false
    }
  }).length

test('it ends when the last waiting client has left, not before, and the file is closed', async () => {
  const { models, clock, verifications, figures } = setUp()
  const entry = sparseModel(models, 'a', [endless])
  const path = join(models, entry.files[0]?.path ?? '')
  const [one, two] = [new AbortController(), new AbortController()]
  const outcomes = Promise.allSettled([
    verifications.verify(entry, one.signal),
    verifications.verify(entry, two.signal),
  ])
  await until('the file is read', () => descriptorsOf(path) === 1)
  one.abort()
  expect(verifications.progress('a')).not.toBeNull()
  two.abort()
  expect(verifications.progress('a')).toBeNull()
  expect(figures().at(-1)?.file).toBe('local--a/0.gguf')
  expect(clock.waiting).toBe(0)
  for (const outcome of await outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'model.verify_stopped' } })
  }
  await until('the file is closed', () => descriptorsOf(path) === 0)
})

test('a client that left before it asked leaves nothing behind', async () => {
  const { models, clock, verifications } = setUp()
  const gone = verifications.verify(sparseModel(models, 'a', [endless]), AbortSignal.abort())
  await expect(gone).rejects.toMatchObject({ code: 'model.verify_stopped' })
  expect(verifications.progress('a')).toBeNull()
  expect(clock.waiting).toBe(0)
})

test('an abandoned verification can be started again at once', async () => {
  const { models, verifications } = setUp()
  const client = new AbortController()
  const entry = sparseModel(models, 'a', [32 * MiB])
  const first = verifications.verify(entry, client.signal)
  client.abort()
  const second = verifications.verify(entry)
  await expect(first).rejects.toMatchObject({ code: 'model.verify_stopped' })
  expect((await second).files).toHaveLength(1)
})

test('the end of the daemon ends a verification, with an error that says so', async () => {
  const { models, verifications } = setUp()
  const outcome = verifications.verify(sparseModel(models, 'a', [endless]))
  verifications.close()
  await expect(outcome).rejects.toMatchObject({
    code: 'model.verify_stopped',
    status: 503,
    message: expect.stringContaining('hal0 is stopping'),
  })
})

test('removing a model ends its verification', async () => {
  const models = tempDir()
  sparseModel(models, 'a', [endless])
  const registry = await ModelRegistry.open(models)
  onTestFinished(() => registry.close())
  const outcome = registry.verify('a').catch((error: unknown) => error)
  expect(registry.verifying('a')?.bytes_total).toBe(endless)
  await registry.remove('a', [])
  expect(await outcome).toMatchObject({ code: 'model.not_found' })
  expect(registry.verifying('a')).toBeNull()
})
