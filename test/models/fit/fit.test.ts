/** Where a model fits, for each kind of machine. */
import { describe, expect, test } from 'bun:test'
import { fitOf, marginBytes } from '../../../src/models/fit/fit.ts'
import type { Needs } from '../../../src/models/fit/needs.ts'
import type { Room } from '../../../src/models/fit/room.ts'

const GiB = 2 ** 30
const gib = (value: number): number => Math.round(value * GiB)
const bytesOf = ({ gpus, ram }: Room): Room => ({
  ram: gib(ram),
  gpus: gpus.map(({ id, own, shared }) => ({ id, own: gib(own), shared: gib(shared) })),
})

/** 8 layers and the output: 1 GiB each. With the buffers, 10 GiB. */
const needs: Needs = {
  weights: gib(8),
  kv: gib(1),
  compute: gib(1),
  layers: 8,
  context: 8192,
  basis: 'header',
}

/** In GiB. */
const noGpu = (ram: number): Room => ({ ram, gpus: [] })
const card = (own: number, ram: number): Room => ({ ram, gpus: [{ id: 'a', own, shared: 0 }] })
const twoCards = (own: number, ram: number): Room => ({ ram, gpus: ['a', 'b'].map((id) => ({ id, own, shared: 0 })) })
const unified = (own: number, shared: number, ram: number): Room => ({ ram, gpus: [{ id: 'a', own, shared }] })

describe('a model that needs 10 GiB', () => {
  test.each([
    // [machine, room in GiB, verdict, device, free in GiB, layers on the GPU]
    ['no GPU, much RAM', noGpu(16), 'fits', 'ram', 16, 0],
    ['no GPU, the margin just free', noGpu(11), 'fits', 'ram', 11, 0],
    ['no GPU, the margin not free', noGpu(10.5), 'tight', 'ram', 10.5, 0],
    ['no GPU, exactly enough', noGpu(10), 'tight', 'ram', 10, 0],
    ['no GPU, too little', noGpu(9.9), 'no', 'ram', 9.9, 0],
    ['a card with room', card(16, 4), 'fits', 'a', 16, 9],
    ['a card that is just large enough', card(10, 64), 'tight', 'a', 10, 9],
    ['a card for half of it', card(6, 16), 'partial', 'a', 6, 4],
    ['a card for half of it, and too little RAM', card(6, 3), 'no', 'a,ram', 9, 0],
    ['a card that is full, and RAM', card(1, 16), 'fits', 'ram', 16, 0],
    ['a card that is full, and too little RAM', card(1, 8), 'no', 'a,ram', 9, 0],
    ['two cards, with the buffers on both', twoCards(6, 16), 'fits', 'a,b', 12, 9],
    ['two cards that are just large enough', twoCards(5.5, 16), 'tight', 'a,b', 11, 9],
    ['two cards for a part', twoCards(4, 16), 'partial', 'a,b', 8, 5],
    ['unified memory', unified(0.5, 14, 16), 'fits', 'a', 14.5, 9],
    ['unified memory of which programs have taken some', unified(0.5, 14, 9), 'no', 'a,ram', 9.5, 0],
    ['unified memory, most of it set aside for the GPU', unified(96, 8, 4), 'fits', 'a', 100, 9],
    ['unified memory, of which the GPU may take half', unified(0, 8, 16), 'partial', 'a', 8, 6],
  ] as const)('on a machine with %s', (_, room, verdict, device, free, layers) => {
    const fit = fitOf(needs, bytesOf(room))
    expect(fit).toMatchObject({ verdict, have: { device, free: gib(free) }, gpu_layers: layers })
  })

  test('needs the sum of its parts, with buffers on every card', () => {
    const parts = { weights: gib(8), kv: gib(1) }
    expect(fitOf(needs, bytesOf(noGpu(16)))?.needs).toEqual({ ...parts, compute: gib(1), total: gib(10) })
    expect(fitOf(needs, bytesOf(twoCards(8, 16)))?.needs).toEqual({ ...parts, compute: gib(2), total: gib(11) })
  })
})

test('RAM that two GPUs share counts once', () => {
  const shared = (ram: number) => bytesOf({ ram, gpus: ['a', 'b'].map((id) => ({ id, own: 0, shared: 10 })) })
  expect(fitOf(needs, shared(16))).toMatchObject({ verdict: 'fits', have: { device: 'a,b', free: gib(16) } })
  expect(fitOf(needs, shared(9))).toMatchObject({ verdict: 'no', have: { device: 'a,b,ram', free: gib(9) } })
  // On the processor it needs no second buffer.
  expect(fitOf(needs, shared(10.5))).toMatchObject({ verdict: 'tight', have: { device: 'ram', free: gib(10.5) } })
})

test('of a model whose layers are not known, neither is how many of them the GPU takes', () => {
  const unknown: Needs = { ...needs, layers: null }
  expect(fitOf(unknown, bytesOf(card(16, 4)))).toMatchObject({ verdict: 'fits', gpu_layers: null })
  expect(fitOf(unknown, bytesOf(card(6, 16)))).toMatchObject({ verdict: 'partial', gpu_layers: null })
  expect(fitOf(unknown, bytesOf(card(0.5, 16)))).toMatchObject({ verdict: 'fits', gpu_layers: 0 })
})

test('a machine that does not say how much is free has no fit', () => {
  expect(fitOf(needs, null)).toBeNull()
})

test('the verdict never gets better with less memory', () => {
  const order = ['fits', 'tight', 'no']
  let before = 0
  for (let ram = 2 * marginBytes + gib(10); ram >= 0; ram -= gib(0.25)) {
    const now = order.indexOf(fitOf(needs, { ram, gpus: [] })?.verdict ?? '')
    expect(now).toBeGreaterThanOrEqual(before)
    before = now
  }
  expect(before).toBe(2)
})
