/** Installed models of a repository, offered while the hub cannot be reached. */
import { expect, test } from 'bun:test'
import type { ModelEntry } from '../../../../src/contract/models/model.ts'
import { type LocalModel, localOffers } from '../../../../src/models/hub/offers/local-offers.ts'

const repo = 'acme/tiny-GGUF'

const here = (id: string, files: string[], more: { revision?: string; created?: string; eyes?: string } = {}) => {
  const { revision = 'a'.repeat(40), created = '2026-01-01T00:00:00Z', eyes } = more
  const entry: ModelEntry = {
    id,
    name: id,
    kind: 'chat',
    files: files.map((path) => ({ path: `acme--tiny-GGUF/${path}`, size: 10, sha256: 'b'.repeat(64) })),
    source: { repo, revision, files },
    architecture: 'llama',
    parameters: null,
    quantization: null,
    context_length: null,
    created_at: created,
  }
  return { entry, projector: eyes === undefined ? null : { path: eyes, size: 3 } } satisfies LocalModel
}
const nothing = { file: null, folder: null }
const label = (text: string) => ({ file: text, folder: null })
const wanted = (models: LocalModel[], selector = nothing as { file: string | null; folder: string | null }) =>
  localOffers(repo, models, selector, null)?.wanted.map(({ id, file }) => [id, file]) ?? null

test('the default, a label and a file are found among installed models, with their ids', () => {
  const models = [here('tiny-q8_0', ['tiny-Q8_0.gguf']), here('mine', ['tiny-Q4_K_M.gguf'])]
  expect(wanted(models)).toEqual([['mine', 'tiny-Q4_K_M.gguf']])
  expect(wanted(models, label(':Q8_0'))).toEqual([['tiny-q8_0', 'tiny-Q8_0.gguf']])
  expect(wanted(models, label('tiny-Q8_0.gguf'))).toEqual([['tiny-q8_0', 'tiny-Q8_0.gguf']])
})

test('a missing quantisation is not replaced by another', () => {
  const models = [here('tiny-q8_0', ['tiny-Q8_0.gguf'])]
  expect(wanted(models, label(':Q4_K_M'))).toBeNull()
  expect(wanted(models, label('tiny-Q4_K_M.gguf'))).toBeNull()
  expect(wanted([])).toBeNull()
})

test('of two ids for one file the default one counts, else the newer', () => {
  const file = ['tiny-Q8_0.gguf']
  const older = here('older', file)
  const newer = here('newer', file, { created: '2026-02-01T00:00:00Z', revision: 'c'.repeat(40) })
  expect(wanted([newer, older])).toEqual([['newer', 'tiny-Q8_0.gguf']])
  expect(wanted([older, newer, here('tiny-q8_0', file)])).toEqual([['tiny-q8_0', 'tiny-Q8_0.gguf']])
})

test('shards are one model with the size of all, and a projector is offered as such', () => {
  const shards = ['big-Q8_0-00001-of-00002.gguf', 'big-Q8_0-00002-of-00002.gguf']
  const offers = localOffers(repo, [here('big', shards, { eyes: 'mmproj-F16.gguf' })], label(`${shards[1]}`), {
    ram: 15,
    gpus: [],
  })
  expect(offers?.wanted).toMatchObject([
    { id: 'big', file: shards[0] ?? '', quantization: 'Q8_0', size: 20, shards: 2, installed: true },
  ])
  expect(offers?.wanted[0]?.fit).toMatchObject({
    verdict: 'no',
    needs: { weights: 20 },
    have: { device: 'ram', free: 15 },
  })
  expect(offers?.mmproj).toEqual([{ file: 'mmproj-F16.gguf', size: 3 }])
})
