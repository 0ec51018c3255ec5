/** What a GGUF header says about attention, as far as it decides about the size of the KV cache. Pure. */

export type Metadata = Map<string, string | number | readonly number[]>

/** Keys below `<architecture>.`; absent ones are null. */
export interface Attention {
  layers: number | null
  embedding: number | null
  heads: readonly number[] | number | null
  /** One number, or one for each layer; 0 for layers without a cache. */
  headsKv: readonly number[] | number | null
  keyLength: number | null
  valueLength: number | null
  /** Of layers with a sliding window, where it differs. */
  keyLengthWindow: number | null
  valueLengthWindow: number | null
  /** Tokens. */
  window: number | null
  /** Which layers have the window: one flag for each layer, or the length of a period whose last layer has none. */
  windowPattern: readonly number[] | number | null
  /** The last layers that use the cache of others. */
  sharedLayers: number | null
  /** Every n-th layer has attention, the others a state of fixed size. */
  interval: number | null
}

/** The keys that `attentionOf` reads. */
export const attentionKeys =
  /^.+\.(?:block_count|embedding_length|full_attention_interval|attention\.(?:head_count(?:_kv)?|(?:key|value)_length(?:_swa)?|sliding_window(?:_pattern)?|shared_kv_layers))$/

export const attentionOf = (found: Metadata, architecture: string): Attention => {
  const value = (key: string): readonly number[] | number | null => {
    const is = found.get(`${architecture}.${key}`)
    return is === undefined || typeof is === 'string' ? null : is
  }
  const number = (key: string): number | null => {
    const is = value(key)
    return typeof is === 'number' && Number.isSafeInteger(is) ? is : null
  }
  return {
    layers: number('block_count'),
    embedding: number('embedding_length'),
    heads: value('attention.head_count'),
    headsKv: value('attention.head_count_kv'),
    keyLength: number('attention.key_length'),
    valueLength: number('attention.value_length'),
    keyLengthWindow: number('attention.key_length_swa'),
    valueLengthWindow: number('attention.value_length_swa'),
    window: number('attention.sliding_window'),
    windowPattern: value('attention.sliding_window_pattern'),
    sharedLayers: number('attention.shared_kv_layers'),
    interval: number('full_attention_interval'),
  }
}
