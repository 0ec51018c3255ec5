/** The order in which a download's bytes and the record of them become durable. */
import { expect, test } from 'bun:test'
import type { Range } from '../../../../src/lib/ranges.ts'
import { WrittenLog } from '../../../../src/models/pull/staging/written-log.ts'
import { HandClock } from '../../../support/hand-clock.ts'

const setUp = (known: Range[] = []) => {
  const clock = new HandClock()
  const acts: string[] = []
  const errors: unknown[] = []
  /** What the disk does when it is asked to persist. */
  let persist = (): Promise<void> => Promise.resolve()
  const log = new WrittenLog(known, {
    clock,
    file: {
      persist: () => {
        acts.push('persist')
        return persist()
      },
      reset: async () => {
        acts.push('reset')
      },
    },
    record: async (written) => {
      acts.push(`record ${JSON.stringify(written)}`)
    },
    onChange: (error) => errors.push(error),
    dueBytes: 100,
    dueMs: 1000,
  })
  return { clock, acts, errors, log, disk: (how: () => Promise<void>) => (persist = how) }
}

/** Lets everything that waits for nothing but other promises happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('bytes are recorded after a second, data first', async () => {
  const { clock, acts, log } = setUp([[0, 5]])
  log.add(5, 10)
  clock.advance(999)
  expect(acts).toEqual([])
  clock.advance(1)
  await settle()
  expect(acts).toEqual(['persist', 'record [[0,10]]'])
  expect(log.exposed).toBe(0)
  expect(clock.waiting).toBe(0)
})

test('enough bytes are recorded at once', async () => {
  const { acts, log, clock } = setUp()
  log.add(0, 100)
  await settle()
  expect(acts).toEqual(['persist', 'record [[0,100]]'])
  expect(clock.waiting).toBe(0)
})

test('what is written while the data is made durable is not in the record', async () => {
  const { acts, log, disk } = setUp()
  const slow = Promise.withResolvers<void>()
  disk(() => slow.promise)
  log.add(0, 100)
  log.add(200, 250)
  slow.resolve()
  await settle()
  expect(acts).toEqual(['persist', 'record [[0,100]]'])
  expect(log.exposed).toBe(50)
  await log.flush()
  expect(acts.slice(2)).toEqual(['persist', 'record [[0,100],[200,250]]'])
})

test('a failed fsync is told, nothing is recorded, and it is never tried again', async () => {
  const { acts, errors, log, disk } = setUp()
  const broken = new Error('EIO')
  disk(() => Promise.reject(broken))
  log.add(0, 100)
  await settle()
  expect(errors).toEqual([broken])
  disk(() => Promise.resolve())
  await expect(log.flush()).rejects.toBe(broken)
  expect(acts).toEqual(['persist'])
})

test('a reset records that nothing is there before it takes the data away', async () => {
  const { acts, log } = setUp()
  log.add(0, 50)
  await log.reset()
  expect(acts).toEqual(['record []', 'reset'])
  expect(log.ranges.total).toBe(0)
  expect(log.exposed).toBe(0)
})
