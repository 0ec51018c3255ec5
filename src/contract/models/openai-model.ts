/** What `GET /v1/models` says about a name that a request may use (spec §5): OpenAI's fields, and hal0's own. */
import { type Static, Type } from 'typebox'
import { nullable } from '../schema/nullable.ts'
import { SlotState } from '../slot.ts'

export const modelCapabilities = [
  'chat',
  'completion',
  'vision',
  'tools',
  'embedding',
  'rerank',
  'transcription',
  'speech',
] as const
export type ModelCapability = (typeof modelCapabilities)[number]

export const OpenAiModel = Type.Object({
  id: Type.String(),
  object: Type.Literal('model'),
  created: Type.Integer({ description: 'Unix time in seconds; 0 when the model is not in the registry.' }),
  owned_by: Type.Literal('hal0'),
  slot: nullable(Type.String({ description: 'The slot that would answer now; null: it is not a slot.' })),
  state: nullable(SlotState),
  context_length: nullable(Type.Integer({ description: 'Tokens of prompt and answer together.' })),
  capabilities: Type.Array(Type.Enum(modelCapabilities), { description: 'Empty while the model is unknown.' }),
})
export type OpenAiModel = Static<typeof OpenAiModel>

export const OpenAiModelList = Type.Object({ object: Type.Literal('list'), data: Type.Array(OpenAiModel) })
export type OpenAiModelList = Static<typeof OpenAiModelList>
