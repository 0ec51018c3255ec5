import { expect, test } from 'bun:test'
import { pickSlot, slotCalled } from '../../src/cli/chat/pick-slot.ts'
import { model, slot } from './support/samples.ts'

const models = [model('tiny'), model('vectors', { kind: 'embedding' })]
const lazy = { config: { load: 'on-demand' } } as const

test('a ready slot comes before one that is loading, and that before one that loads on demand', () => {
  const cold = slot('cold', 'offline', lazy)
  const loading = slot('loading', 'warming')
  const ready = slot('ready', 'idle')
  expect(pickSlot([cold, loading, ready], models).config.name).toBe('ready')
  expect(pickSlot([cold, loading], models).config.name).toBe('loading')
  expect(pickSlot([slot('manual', 'offline'), cold], models).config.name).toBe('cold')
})

test('slots for embeddings are skipped, by their mode or by their model', () => {
  const byMode = slot('a', 'ready', { config: { mode: 'embedding' } })
  const byModel = slot('b', 'ready', { config: { model: 'vectors' }, state: { model: 'vectors' } })
  expect(pickSlot([byMode, byModel, slot('c', 'ready')], models).config.name).toBe('c')
})

test('without a slot that can chat, the command that brings one is named', () => {
  const vectors = slot('vectors', 'ready', { config: { mode: 'embedding' } })
  expect(() => pickSlot([], models)).toThrow(expect.objectContaining({ exitCode: 1, hint: 'hal0 run MODEL' }))
  expect(() => pickSlot([vectors], models)).toThrow('No slot can chat (vectors).')
})

test('a slot without a model is not picked, even if it would load on demand', () => {
  const empty = slot('empty', 'offline', { config: { model: null, load: 'on-demand' }, state: { model: null } })
  expect(() => pickSlot([empty], models)).toThrow('No slot can chat (empty).')
})

test('a slot is called by its name before an alias, and by that before a model, of which the readiest answers', () => {
  const small = slot('small', 'offline', { config: { aliases: ['fast'] } })
  const fast = slot('fast', 'warming')
  const other = slot('other', 'ready')
  const find = (text: string) => slotCalled(text, [small, fast, other])?.config.name ?? null
  expect([find('fast'), find('small'), find('tiny'), find('none')]).toEqual(['fast', 'small', 'other', null])
  expect(slotCalled('fast', [small, other])?.config.name).toBe('small')
})

test('without a slot that can answer, one to load is named', () => {
  expect(() => pickSlot([slot('cold', 'offline'), slot('bad', 'error', lazy)], models)).toThrow(
    expect.objectContaining({ exitCode: 1, hint: 'hal0 slot load cold' }),
  )
})
