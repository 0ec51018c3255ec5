import type { Capability } from '../../contract/endpoints.ts'
import type { ModelEntry } from '../../contract/models/model.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { WholeConfig } from '../provider.ts'

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
