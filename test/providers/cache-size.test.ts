/** The KV cache that hal0 counts for a model, against the one that the real llama.cpp makes. */
import { afterEach, expect } from 'bun:test'
import { cacheBytes } from '../../src/models/fit/kv-cache.ts'
import { readGgufHeader } from '../../src/models/gguf/header.ts'
import { modelFacts } from '../../src/models/gguf/model-facts.ts'
import { testWith } from '../support/part.ts'
import { realEngine } from '../support/real-engine.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { endRuns, planFor, runPlan } from './backend-run.ts'

afterEach(endRuns)

const MiB = 2 ** 20

/** The heads of this model are too narrow for the blocks of quantised types. */
for (const type of ['f16', 'f32'] as const) {
  testWith('python3 on PATH', Bun.which('python3') !== null)(
    `of type ${type} it is the same`,
    async () => {
      const file = await tinyModel('chat', { layers: 64, width: 256 })
      const context = 4096
      const config = { context_size: context, cache_type_k: type, cache_type_v: type, flash_attention: 'on' } as const
      const run = runPlan(await planFor(await realEngine(), file, { ...config, extra_args: ['-lv', '4'] }))
      await run.ready()
      run.stop()
      const [, printed] = /llama_kv_cache: size = +([\d.]+) MiB/.exec((await run.ended).printed) ?? []
      const { memory } = modelFacts([await readGgufHeader(file)], 'tiny.gguf', 'tiny')
      const counted = cacheBytes(memory?.kv ?? [], context, type, type) / MiB
      expect(counted).toBeGreaterThan(10)
      expect(printed).toBe(counted.toFixed(2))
    },
    60_000,
  )
}
