import { describe, expect, test } from 'bun:test'
import type { SlotRecord } from '../../../../src/contract/slot.ts'
import { Hal0Error } from '../../../../src/lib/hal0-error.ts'
import { initialRecord } from '../../../../src/slots/machine/initial.ts'
import { RecordWriter } from '../../../../src/slots/run/effects/record-writer.ts'
import { initialConfig } from '../../../support/slot-config.ts'
import { SimulatedClock, settle } from '../../support/simulated-clock.ts'

const record = (seq: number): SlotRecord => ({
  ...initialRecord({ ...initialConfig('primary'), port: 8081 }, 'boot', 0),
  seq,
})
const seqOf = (json: string): number => (JSON.parse(json) as SlotRecord).seq

/** A writer over a disk whose writes a test can make fail; `leaves` makes a failed write visible all the same. */
const makeWriter = () => {
  const clock = new SimulatedClock()
  const onWrite: () => unknown = () => {}
  const disk = { fails: false, leaves: false, holds: JSON.stringify(record(0)), writes: 0, onWrite }
  const announced: number[] = []
  const save = async (_name: string, json: string) => {
    disk.writes += 1
    disk.onWrite()
    await Promise.resolve()
    if (!disk.fails || disk.leaves) disk.holds = json
    if (disk.fails) throw new Hal0Error('storage.full', 'The disk is full.')
  }
  const writer = new RecordWriter('primary', save, clock, (json) => announced.push(seqOf(json)), disk.holds)
  return { writer, clock, disk, announced }
}

describe('the writer of records', () => {
  test('writes in order and announces what is durable', async () => {
    const { writer, announced, disk } = makeWriter()
    for (const seq of [1, 2, 3]) writer.write(record(seq))
    expect(announced).toEqual([])
    await writer.settled()
    expect(announced).toEqual([1, 2, 3])
    expect(seqOf(disk.holds)).toBe(3)
  })

  test('retries a record until the disk works, later each time', async () => {
    const { writer, clock, announced, disk } = makeWriter()
    disk.fails = true
    writer.write(record(1))
    await clock.advance(10_000)
    expect(writer.problem?.code).toBe('storage.full')
    expect(disk.writes).toBeLessThan(10)
    disk.fails = false
    await clock.advance(5000)
    expect(announced).toEqual([1])
    expect(writer.problem).toBeNull()
  })

  test('has a problem until the last record that the disk lacks is written', async () => {
    const { writer, clock, announced, disk } = makeWriter()
    disk.fails = true
    for (const seq of [1, 2, 3]) writer.write(record(seq))
    await settle()
    disk.fails = false
    const problems: (string | undefined)[] = []
    disk.onWrite = () => problems.push(writer.problem?.code)
    await clock.advance(5000)
    expect(announced).toEqual([1, 2, 3])
    expect(problems).toEqual(['storage.full', 'storage.full', 'storage.full'])
    expect(writer.problem).toBeNull()
  })

  test('retries at once when there is something new to write', async () => {
    const { writer, announced, disk } = makeWriter()
    disk.fails = true
    writer.write(record(1))
    await settle()
    disk.fails = false
    writer.write(record(2))
    await writer.settled()
    expect(announced).toEqual([1, 2])
  })

  test('gives up a commit that the disk refuses, and never announces it', async () => {
    const { writer, clock, announced, disk } = makeWriter()
    disk.fails = true
    const outcomes: (string | null)[] = []
    writer.commit(record(1), (error) => outcomes.push(error?.code ?? null))
    await settle()
    disk.fails = false
    await clock.advance(10_000)
    expect(outcomes).toEqual(['storage.full'])
    expect(announced).toEqual([])
  })

  test('puts the old record back when a refused commit is on the disk all the same', async () => {
    const { writer, clock, disk, announced } = makeWriter()
    disk.fails = true
    disk.leaves = true
    writer.commit(record(1), () => {})
    await settle()
    expect(seqOf(disk.holds)).toBe(1)
    disk.fails = false
    await clock.advance(10_000)
    expect(seqOf(disk.holds)).toBe(0)
    expect(announced).toEqual([])
  })

  test('drops the oldest of too many unwritten records, never the newest', async () => {
    const { writer, clock, announced, disk } = makeWriter()
    disk.fails = true
    for (let seq = 1; seq <= 400; seq++) writer.write(record(seq))
    await settle()
    disk.fails = false
    await clock.advance(10_000)
    await writer.settled()
    expect(announced.length).toBeLessThanOrEqual(257)
    expect(announced.at(-1)).toBe(400)
  })
})
