import { beforeEach, describe, expect, test } from 'bun:test'
import { ReadGate } from '../../../src/dispatch/upstream/read-gate.ts'
import { HandClock } from '../../support/hand-clock.ts'

let clock: HandClock
let told: string[]
let gate: ReadGate
beforeEach(() => {
  clock = new HandClock()
  told = []
  gate = new ReadGate({ pause: () => told.push('pause'), resume: () => told.push('resume') }, clock)
})

/** One that came `ms` after the one before it. */
const piece = (ms: number, bytes = 200): void => {
  clock.advance(ms)
  gate.passed(bytes, clock.now())
}

describe('a connection is read', () => {
  test('at once again after a first piece', () => {
    piece(0)
    expect(told).toEqual([])
  })

  test('all the time while pieces come 2 ms apart or more', () => {
    for (let i = 0; i < 100; i++) piece(2)
    expect(told).toEqual([])
  })

  test('1 ms later if a piece came sooner after the one before it', () => {
    piece(0)
    piece(1.9)
    expect(told).toEqual(['pause'])
    clock.advance(0.9)
    expect(told).toEqual(['pause'])
    clock.advance(0.1)
    expect(told).toEqual(['pause', 'resume'])
  })

  test('once a millisecond for as long as the burst lasts', () => {
    piece(0)
    for (let i = 0; i < 5; i++) piece(1)
    expect(told).toEqual(Array.from({ length: 9 }, (_, index) => (index % 2 === 0 ? 'pause' : 'resume')))
  })

  test('all the time while pieces are large', () => {
    for (let i = 0; i < 100; i++) piece(0, 16 * 1024)
    expect(told).toEqual([])
  })

  test('only when the client takes more, whatever the time', () => {
    gate.full()
    clock.advance(1000)
    expect(told).toEqual(['pause'])
    gate.room()
    expect(told).toEqual(['pause', 'resume'])
  })

  const waits: Record<string, () => void> = {
    'the client takes more': () => gate.room(),
    'the millisecond is over': () => clock.advance(1),
  }
  for (const last of Object.keys(waits)) {
    test(`when the last of both reasons to wait is gone, which is that ${last}`, () => {
      piece(0)
      piece(0)
      gate.full()
      for (const [name, end] of Object.entries(waits)) if (name !== last) end()
      expect(told).toEqual(['pause'])
      waits[last]?.()
      expect(told).toEqual(['pause', 'resume'])
    })
  }

  test('at once for the next answer, whose first piece is not part of the burst before it', () => {
    piece(0)
    piece(0)
    gate.full()
    gate.reset()
    expect(told).toEqual(['pause', 'resume'])
    expect(clock.waiting).toBe(0)
    piece(0)
    expect(told).toEqual(['pause', 'resume'])
  })
})
