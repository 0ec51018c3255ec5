import type { ModelEntry } from '../../contract/models/model.ts'
import type { SlotConfig } from '../../contract/slot.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'

export type Mode = NonNullable<SlotConfig['mode']>

/**
 * What the backend is to serve: the slot's `mode`, else what the model is for.
 * @throws Hal0Error `request.invalid` for a projector, which is no model by itself
 */
export const resolveMode = (config: SlotConfig, model: ModelEntry): Mode => {
  if (model.kind === 'mmproj') {
    throw new Hal0Error(
      'request.invalid',
      `${model.id} is a multimodal projector, not a model: set it as the slot's mmproj, beside the model that it belongs to.`,
      { param: 'model' },
    )
  }
  return config.mode ?? model.kind
}
