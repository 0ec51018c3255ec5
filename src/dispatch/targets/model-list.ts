/** `GET /v1/models`: every model name that a request may use, in OpenAI's format. Pure. */
import type { ModelEntry } from '../../contract/models/model.ts'
import type { SlotState } from '../../contract/slot.ts'
import { findRoute, modelNames } from './route.ts'
import type { TargetView } from './target.ts'

export interface OpenAiModel {
  id: string
  object: 'model'
  /** Unix time in seconds; 0 when the model is not in the registry. */
  created: number
  owned_by: 'hal0'
  /** hal0's extensions: the slot that would answer now, and its state; null if no slot would. */
  slot: string | null
  state: SlotState | null
}

export interface OpenAiModelList {
  object: 'list'
  data: OpenAiModel[]
}

/** One entry; null when nothing has this name. */
export const openAiModel = (
  targets: readonly TargetView[],
  lookUp: (ref: string) => ModelEntry | null,
  name: string,
): OpenAiModel | null => {
  const target = findRoute(targets, name, null)?.target ?? null
  if (target === null) return null
  const entry = target.slot === null || target.model === null ? null : lookUp(target.model)
  return {
    id: name,
    object: 'model',
    created: entry === null ? 0 : Math.floor(Date.parse(entry.created_at) / 1000),
    owned_by: 'hal0',
    slot: target.slot,
    state: target.state,
  }
}

/** The list: slot names, then registry refs, then aliases, then the models of other targets, without duplicates. */
export const openAiModels = (
  targets: readonly TargetView[],
  lookUp: (ref: string) => ModelEntry | null,
): OpenAiModelList => ({
  object: 'list',
  data: modelNames(targets).flatMap((name) => openAiModel(targets, lookUp, name) ?? []),
})
