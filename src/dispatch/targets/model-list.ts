/** `GET /v1/models`: every model name that a request may use, in OpenAI's format. Pure. */
import type { ModelEntry } from '../../contract/models/model.ts'
import type { OpenAiModel, OpenAiModelList } from '../../contract/models/openai-model.ts'
import { findRoute, modelNames } from './route.ts'
import type { TargetView } from './target.ts'

/** One entry; null when nothing has this name. */
export const openAiModel = (
  targets: readonly TargetView[],
  lookUp: (ref: string) => ModelEntry | null,
  name: string,
): OpenAiModel | null => {
  const target = findRoute(targets, name, null)?.target ?? null
  if (target === null) return null
  const entry = target.slot === null || target.model === null ? null : lookUp(target.model)
  const { capabilities, contextLength } = target.abilities()
  return {
    id: name,
    object: 'model',
    created: entry === null ? 0 : Math.floor(Date.parse(entry.created_at) / 1000),
    owned_by: 'hal0',
    slot: target.slot,
    state: target.state,
    context_length: contextLength,
    capabilities: [...capabilities],
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
