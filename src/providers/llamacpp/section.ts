/** `[llama_cpp]`: a slot's settings for llama-server, besides those that every slot has. */
import { type Static, Type } from 'typebox'
import { nullable } from '../../contract/schema/nullable.ts'
import type { ConfigSection, SectionValues } from '../../contract/slot-config.ts'

const cacheTypes = ['f32', 'f16', 'bf16', 'q8_0', 'q4_0', 'q4_1', 'iq4_nl', 'q5_0', 'q5_1'] as const

const fields = {
  context_size: nullable(Type.Integer({ minimum: 1, maximum: 100_000_000, examples: [8192] })),
  gpu_layers: nullable(Type.Integer({ minimum: 0, maximum: 10_000, examples: [99] })),
  parallel: nullable(Type.Integer({ minimum: 1, maximum: 1024, examples: [4] })),
  mmproj: nullable(Type.String({ minLength: 1, maxLength: 4096, description: 'Registry ref or absolute path.' })),
  cache_type_k: nullable(Type.Enum(cacheTypes)),
  cache_type_v: nullable(Type.Enum(cacheTypes)),
  flash_attention: nullable(Type.Enum(['auto', 'on', 'off'])),
  extra_args: Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 256 }),
}

const Section = Type.Object(fields)
export type LlamaCppSection = Static<typeof Section>

/** `null` leaves the choice to the engine. */
const defaults: LlamaCppSection = {
  context_size: null,
  gpu_layers: null,
  parallel: null,
  mmproj: null,
  cache_type_k: null,
  cache_type_v: null,
  flash_attention: null,
  extra_args: [],
}

export const llamaCppSection: ConfigSection = {
  provider: 'llama.cpp',
  key: 'llama_cpp',
  fields,
  defaults,
  isFlat: true,
}

/** The section of a slot of this provider: it was checked against the schema when it was read. */
export const sectionOf = ({ section }: { section: SectionValues }): LlamaCppSection => section as LlamaCppSection
