import type { Capability } from '../../contract/endpoints.ts'
import type { ModelEntry } from '../../contract/models/model.ts'
import type { ModelCapability } from '../../contract/models/openai-model.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Abilities, WholeConfig } from '../provider.ts'
import { flagOf } from './owned-flags.ts'
import { type LlamaCppSection, sectionOf } from './section.ts'

/** What llama-server can be asked for in a mode. It makes calls of tools from any chat model's answer, whatever its template says. */
const capabilities: Readonly<Partial<Record<Capability, readonly ModelCapability[]>>> = {
  chat: ['chat', 'completion', 'tools'],
  embedding: ['embedding'],
  rerank: ['rerank'],
}

/** The mode of the backend: the slot's `mode`, or else what the model is for; null if that is unknown, and for a projector. */
export const modeOf = ({ mode }: WholeConfig, model: ModelEntry | null): Capability | null =>
  mode ?? (model === null || model.kind === 'mmproj' ? null : model.kind)

/**
 * The same for a load.
 * @throws Hal0Error `request.invalid` for a projector, which is not a model by itself
 */
export const resolveMode = (config: WholeConfig, model: ModelEntry): Capability => {
  if (model.kind === 'mmproj') {
    throw new Hal0Error(
      'request.invalid',
      `${model.id} is a multimodal projector, not a model: set it as the slot's mmproj, beside the model that it belongs to.`,
      { param: 'model' },
    )
  }
  return config.mode ?? model.kind
}

/** The parallel requests share the context, unless their number was left to llama-server, or each may use all of it. */
const isDivided = ({ parallel, extra_args }: LlamaCppSection): boolean =>
  parallel !== null && !extra_args.some((argument) => ['--kv-unified', '-kvu'].includes(flagOf(argument)))

/** What clients may ask of the slot's model. */
export const abilitiesOf = (config: WholeConfig, model: ModelEntry | null): Abilities => {
  const mode = modeOf(config, model)
  const section = sectionOf(config)
  const able = mode === null ? [] : (capabilities[mode] ?? [])
  const whole = section.context_size ?? model?.context_length ?? null
  const share = isDivided(section) ? (section.parallel ?? 1) : 1
  return {
    capabilities: mode === 'chat' && section.mmproj !== null ? [...able, 'vision'] : able,
    contextLength: whole === null ? null : Math.floor(whole / share),
  }
}
