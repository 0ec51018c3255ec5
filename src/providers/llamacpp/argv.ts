import type { ModelEntry } from '../../contract/models/model.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { WholeConfig } from '../provider.ts'
import { resolveMode } from './mode.ts'
import { flagOf } from './owned-flags.ts'
import { sectionOf } from './section.ts'

export interface ArgvInput {
  config: WholeConfig
  model: ModelEntry
  /** Absolute paths of the model's files, first shard first. */
  files: string[]
  /** Absolute path of the projector; null: none. */
  mmproj: string | null
}

/**
 * MiB of RAM for prompts kept between requests. llama-server's own default is 8 GiB for each process, which a few slots on a home
 * server do not have; 1 GiB keeps several long conversations.
 */
const promptCacheMiB = 1024

/** Threads beyond those for the slot's requests: for the probe, and for a person who queries the backend directly. */
const spareHttpThreads = 4
/** For slots whose max_in_flight is raised while they are loaded. A thread that waits costs next to nothing. */
const leastHttpThreads = 256

/**
 * The command line of llama-server (and of anything that takes its flags). Flags as of builds b9993 to b11549. `--ctx-size` and
 * `--gpu-layers` are passed only if the slot sets them: passing them turns off `--fit`, which makes the rest fit the GPU's memory.
 * @param program absolute path of the engine
 * @throws Hal0Error `request.invalid` when the model is a projector, `slot.no_model` when it has no file
 */
export const buildArgv = (program: string, { config, model, files, mmproj }: ArgvInput): string[] => {
  const section = sectionOf(config)
  const mode = resolveMode(config, model)
  const [firstShard] = files
  if (firstShard === undefined) {
    throw new Hal0Error('slot.no_model', `The model ${model.id} has no files; remove it and add it again.`)
  }
  const argv = [
    program,
    '--host',
    '127.0.0.1',
    '--port',
    String(config.port),
    '--model',
    firstShard,
    '--alias',
    model.id,
  ]
  const set = (flag: string, value: string | number | null) => {
    if (value !== null) argv.push(flag, String(value))
  }
  const extra = new Set(section.extra_args.map(flagOf))

  argv.push('--offline', '--no-webui')
  if (!extra.has('--cache-ram') && !extra.has('-cram')) set('--cache-ram', promptCacheMiB)
  // A kept-alive connection holds one of llama-server's threads until it has been idle for 5 s. With its own default (8 of them for 4
  // parallel requests) the ninth of many connections waits that long: 50 cold clients were measured at 32 s instead of 1 s.
  // max_in_flight counts at once, and these threads only at a load: with too few of them, the health probe of a busy backend is not
  // answered, and it looks as if it hung.
  const httpThreads = Math.max(config.max_in_flight, leastHttpThreads) + spareHttpThreads
  if (!extra.has('--threads-http')) set('--threads-http', httpThreads)
  set('--ctx-size', section.context_size)
  set('--gpu-layers', section.gpu_layers)
  set('--parallel', section.parallel)
  set('--mmproj', mmproj)
  set('--cache-type-k', section.cache_type_k)
  set('--cache-type-v', section.cache_type_v)
  set('--flash-attn', section.flash_attention)
  if (mode === 'rerank') argv.push('--reranking')
  if (mode === 'embedding') {
    argv.push('--embeddings')
    // A chat model's file names no pooling, and without any, /v1/embeddings is refused. The last token has seen all others.
    if (model.kind === 'chat' && !extra.has('--pooling')) argv.push('--pooling', 'last')
  }
  return [...argv, ...section.extra_args]
}
