import { expect, test } from 'bun:test'
import { pickSlot } from '../../src/cli/chat/pick-slot.ts'
import { model, slot } from './support/samples.ts'

const models = [model('tiny'), model('vectors', { kind: 'embedding' })]
const lazy = { config: { load: 'on-demand' } } as const

test('a ready slot comes before one that is loading, and that before one that loads on demand', () => {
  const cold = slot('cold', 'offline', lazy)
  const loading = slot('loading', 'warming')
  const ready = slot('ready', 'idle')
  expect(pickSlot([cold, loading, ready], models)).toBe('ready')
  expect(pickSlot([cold, loading], models)).toBe('loading')
  expect(pickSlot([slot('manual', 'offline'), cold], models)).toBe('cold')
})

test('slots for embeddings are skipped, by their mode or by their model', () => {
  const byMode = slot('a', 'ready', { config: { mode: 'embedding' } })
  const byModel = slot('b', 'ready', { config: { model: 'vectors' }, state: { model: 'vectors' } })
  expect(pickSlot([byMode, byModel, slot('c', 'ready')], models)).toBe('c')
})

test('without any slot, the command that creates one is named', () => {
  expect(() => pickSlot([], models)).toThrow(
    expect.objectContaining({ exitCode: 1, hint: expect.stringContaining('slot create') }),
  )
})

test('without a slot that can answer, one to load is named', () => {
  expect(() => pickSlot([slot('cold', 'offline'), slot('bad', 'error', lazy)], models)).toThrow(
    expect.objectContaining({ exitCode: 1, hint: 'hal0 slot load cold' }),
  )
})
