import { expect, test } from 'bun:test'
import type { ModelEntry } from '../../../src/contract/models/model.ts'
import type { SlotPatch } from '../../../src/contract/slot-config.ts'
import { buildArgv } from '../../../src/providers/llamacpp/argv.ts'
import { slotConfig } from '../../support/slot-config.ts'
import { modelEntry } from '../fixtures.ts'

const argv = (config: SlotPatch = {}, model: Partial<ModelEntry> = {}, mmproj: string | null = null) =>
  buildArgv('/e/llama-server', {
    config: slotConfig(config),
    model: modelEntry(model),
    files: ['/m/a-00001-of-00002.gguf', '/m/a-00002-of-00002.gguf'],
    mmproj,
  })

test('a slot with nothing set passes host, port, first shard and alias, and leaves sizes to the engine', () => {
  expect(argv()).toEqual(
    '/e/llama-server --host 127.0.0.1 --port 8081 --model /m/a-00001-of-00002.gguf --alias tiny --offline --no-webui --cache-ram 1024 --threads-http 260'.split(
      ' ',
    ),
  )
})

test('every setting becomes its flag, and extra arguments come last', () => {
  const all = argv(
    {
      port: 8099,
      context_size: 4096,
      gpu_layers: 0,
      parallel: 2,
      cache_type_k: 'q8_0',
      cache_type_v: 'q8_0',
      flash_attention: 'on',
      extra_args: ['-t', '4', '--chat-template', 'a "b"\nc'],
    },
    {},
    '/m/mmproj.gguf',
  )
  expect(all.slice(argv().length)).toEqual([
    ...'--ctx-size 4096 --gpu-layers 0 --parallel 2 --mmproj /m/mmproj.gguf --cache-type-k q8_0 --cache-type-v q8_0 --flash-attn on -t 4'.split(
      ' ',
    ),
    '--chat-template',
    'a "b"\nc',
  ])
})

test.each(['--cache-ram', '-cram', '--cache_ram'])('%s among the extra arguments replaces the default', (flag) => {
  expect(argv({ extra_args: [flag, '0'] }).filter((part) => part === '--cache-ram' || part === flag)).toEqual([flag])
})

test('the engine gets a thread for every request that the slot lets through, unless extra arguments say otherwise', () => {
  const threads = (max_in_flight: number) => {
    const flags = argv({ max_in_flight })
    return flags[flags.indexOf('--threads-http') + 1]
  }
  // max_in_flight may be raised while the backend runs.
  expect([threads(1), threads(300)]).toEqual(['260', '304'])
  expect(argv({ extra_args: ['--threads-http', '9'] }).filter((part) => part === '--threads-http')).toHaveLength(1)
})

test('an embedding model runs as one, with its own pooling', () => {
  const flags = argv({}, { kind: 'embedding' })
  expect(flags).toContain('--embeddings')
  expect(flags).not.toContain('--pooling')
})

test('a chat model in embedding mode gets a pooling, unless one is set', () => {
  expect(argv({ mode: 'embedding' }).join(' ')).toEndWith('--embeddings --pooling last')
  expect(argv({ mode: 'embedding', extra_args: ['--pooling', 'mean'] }).join(' ')).toEndWith(
    '--embeddings --pooling mean',
  )
})

test('the slot’s mode wins over the kind of the model', () => {
  expect(argv({ mode: 'rerank' }, { kind: 'embedding' })).toContain('--reranking')
  expect(argv({ mode: 'chat' }, { kind: 'rerank' })).not.toContain('--reranking')
})

test('a projector is refused as a model', () => {
  expect(() => argv({}, { kind: 'mmproj' })).toThrow(
    expect.objectContaining({ code: 'request.invalid', param: 'model' }),
  )
})

test('a model without files is refused', () => {
  const input = { config: slotConfig(), model: modelEntry(), files: [], mmproj: null }
  expect(() => buildArgv('/e', input)).toThrow(expect.objectContaining({ code: 'slot.no_model' }))
})
