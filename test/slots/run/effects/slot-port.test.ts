import { expect, test } from 'bun:test'
import { settledPortOwner } from '../../../../src/slots/run/effects/slot-port.ts'
import type { PortOwner } from '../../../../src/system/supervisor.ts'
import { SimulatedClock, settle } from '../../support/simulated-clock.ts'

const nobodyKnown: PortOwner = { kind: 'other', pid: null, command: null }
const stranger: PortOwner = { kind: 'other', pid: 7, command: 'nc -l' }

/** The result after as many looks as it takes, and the milliseconds that passed. */
const told = async (...seen: PortOwner[]): Promise<{ owner: PortOwner | null; looked: number; afterMs: number }> => {
  const clock = new SimulatedClock()
  let looked = 0
  let owner: PortOwner | null = null
  const work = settledPortOwner(async () => seen[looked++] as PortOwner, clock).then((found) => {
    owner = found
  })
  for (let ms = 0; owner === null && ms < 1000; ms++) {
    await settle()
    if (owner === null) await clock.advance(1)
  }
  await work
  return { owner, looked, afterMs: clock.now() }
}

test('the last socket of a process that is just dying belongs to nobody', async () => {
  expect(await told(nobodyKnown, { kind: 'none' })).toMatchObject({ owner: { kind: 'none' }, looked: 2 })
})

test('a listener that still has no known owner at the second look belongs to another program', async () => {
  expect(await told(nobodyKnown, nobodyKnown)).toMatchObject({ owner: nobodyKnown, looked: 2, afterMs: 30 })
})

test('what is certain at the first look is reported at once', async () => {
  for (const certain of [stranger, { kind: 'own' }, { kind: 'none' }] satisfies PortOwner[]) {
    expect(await told(certain)).toEqual({ owner: certain, looked: 1, afterMs: 0 })
  }
})
