/** The size of the KV cache as the engine allocates it. Pure. */
import type { ModelMemory } from '../../contract/models/model.ts'

/** Bytes of one element; quantised types have blocks of 32 elements with a scale. */
const elementBytes = {
  f32: 4,
  f16: 2,
  bf16: 2,
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32,
} as const
export type CacheType = keyof typeof elementBytes

/** Without a setting the engine serves four conversations at once, and takes prompts in pieces of 512 tokens. */
const sequences = 4
const batch = 512
/** Caches have whole multiples of this many tokens. */
const step = 256

const stepped = (tokens: number): number => Math.ceil(tokens / step) * step

/** @param context tokens, of all conversations together */
export const cacheBytes = (
  groups: NonNullable<ModelMemory['kv']>,
  context: number,
  keys: CacheType = 'f16',
  values: CacheType = 'f16',
): number => {
  const bytesOf = ({ layers, key, value, window }: (typeof groups)[number]): number => {
    const cells = stepped(window === null ? context : Math.min(context, window * sequences + batch))
    return cells * layers * (key * elementBytes[keys] + value * elementBytes[values])
  }
  return Math.round(groups.reduce((sum, group) => sum + bytesOf(group), 0))
}
