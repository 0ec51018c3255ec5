/** The fit of models by what is known about them: a header, the catalog, or nothing but their size. */
import { describe, expect, test } from 'bun:test'
import type { ModelEntry } from '../../../src/contract/models/model.ts'
import { catalogEntries } from '../../../src/models/catalog/catalog.ts'
import { fitOfCatalog, fitOfFiles, fitOfModel } from '../../../src/models/fit/model-fits.ts'
import type { Room } from '../../../src/models/fit/room.ts'

const MiB = 2 ** 20
const room: Room = { ram: 64e9, gpus: [{ id: 'a', own: 24e9, shared: 0 }] }

const entry = (id: string, changes: Partial<ModelEntry> = {}): ModelEntry => ({
  id,
  name: id,
  kind: 'chat',
  files: [{ path: `local--${id}/${id}.gguf`, size: 1_000_000_000, sha256: '0'.repeat(64) }],
  source: null,
  architecture: 'llama',
  parameters: 1_000_000_000,
  quantization: 'Q4_K_M',
  context_length: 131_072,
  created_at: '2026-01-02T03:04:05.678Z',
  ...changes,
})
const memory = { weights: 800_000_000, layers: 16, kv: [{ layers: 16, key: 512, value: 512, window: null }] }
const nothing = () => null

describe('a model of the registry', () => {
  test('is judged by its header', () => {
    expect(fitOfModel(entry('a', { memory }), nothing, room)).toEqual({
      verdict: 'fits',
      needs: { weights: 800_000_000, kv: 256 * MiB, compute: 300 * MiB, total: 800_000_000 + 556 * MiB },
      have: { device: 'a', free: 24e9 },
      context: 8192,
      gpu_layers: 17,
      basis: 'header',
    })
  })

  test('has a cache for no more tokens than it was trained for', () => {
    const fit = fitOfModel(entry('a', { memory, context_length: 2048 }), nothing, room)
    expect(fit).toMatchObject({ context: 2048, needs: { kv: 64 * MiB } })
  })

  test('needs its projector, too', () => {
    const source = { repo: 'o/r', revision: 'c', files: ['a.gguf'], mmproj: { id: 'eyes', file: 'm', sha256: '0' } }
    const eyes = entry('eyes', { kind: 'mmproj', memory: { weights: 500_000_000, layers: 24, kv: [] } })
    const fit = fitOfModel(entry('a', { memory, source }), (id) => (id === 'eyes' ? eyes : null), room)
    expect(fit?.needs.weights).toBe(1_300_000_000)
    expect(fitOfModel(entry('a', { memory, source }), nothing, room)?.needs.weights).toBe(800_000_000)
  })

  test('is judged by its size if an older hal0 registered it, or its header says too little', () => {
    expect(fitOfModel(entry('a'), nothing, room)).toMatchObject({ basis: 'catalog', needs: { weights: 1e9 } })
    expect(fitOfModel(entry('a', { memory: { ...memory, kv: null } }), nothing, room)).toMatchObject({
      basis: 'catalog',
      needs: { weights: 800_000_000 },
      gpu_layers: null,
    })
  })
})

describe('a model of the catalog', () => {
  test('needs what the catalog says', () => {
    for (const one of catalogEntries) {
      expect([one.id, fitOfCatalog(one, { ram: 64e9, gpus: [] })?.needs.total]).toEqual([one.id, one.ram_bytes])
    }
  })

  test('for speech runs on the processor, and has no context', () => {
    const speech = catalogEntries.filter(({ kind }) => kind === 'stt' || kind === 'tts')
    const fits = speech.map((one) => fitOfCatalog(one, room))
    expect(fits.map((fit) => [fit?.have.device, fit?.context])).toEqual(speech.map(() => ['ram', null]))
  })

  test('needs about as much as an estimate by its size says', () => {
    // Of the smallest models the buffers are most of it, and the catalog counts more for them.
    const large = catalogEntries.filter((one) => one.kind === 'chat' && one.size > 300e6)
    for (const { id, size, ram_bytes, kind } of large) {
      const estimate = fitOfFiles(size, room)?.needs.total ?? 0
      expect([id, kind, estimate / ram_bytes > 0.8 && estimate / ram_bytes < 1.25]).toEqual([id, kind, true])
    }
  })
})

test('a machine that does not say how much is free gives no fit', () => {
  expect([fitOfModel(entry('a'), nothing, null), fitOfFiles(1, null)]).toEqual([null, null])
})
