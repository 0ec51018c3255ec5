/** The routes of pulls. */
import { Type } from 'typebox'
import { Pull, PullLeftover, PullRequest } from '../models/pull.ts'
import { ModelId } from '../slot.ts'
import { idParams, type Operation, op } from './operation.ts'

export const pullOperations = {
  pullModel: op({
    method: 'POST',
    path: '/api/models/{id}/pull',
    scope: 'admin',
    tag: 'models',
    summary:
      'Fetch a model from the hub, or join the same pull under way; done at once where just this is here, refused where the id names something else',
    // The only route that creates an id.
    params: Type.Object({ id: ModelId }, { additionalProperties: false }),
    body: PullRequest,
    replies: { 202: Pull },
  }),
  updateModel: op({
    method: 'POST',
    path: '/api/models/{id}/update',
    scope: 'admin',
    tag: 'models',
    summary: 'Replace a model by the version that the hub has now; done at once when it is the same',
    params: idParams,
    replies: { 202: Pull },
  }),
  showPull: op({
    method: 'GET',
    path: '/api/models/{id}/pull',
    scope: 'admin',
    tag: 'models',
    summary: 'How a pull stands',
    params: idParams,
    replies: { 200: Pull },
  }),
  cancelPull: op({
    method: 'DELETE',
    path: '/api/models/{id}/pull',
    scope: 'admin',
    tag: 'models',
    summary: 'Cancel a pull; what was received is kept for the next one',
    params: idParams,
    query: Type.Object(
      { discard: Type.Optional(Type.Boolean({ description: 'Remove what was received.' })) },
      { additionalProperties: false },
    ),
    replies: { 200: Pull },
  }),
  listPulls: op({
    method: 'GET',
    path: '/api/pulls',
    scope: 'admin',
    tag: 'models',
    summary: 'Every pull since the daemon started',
    replies: { 200: Type.Array(Pull) },
  }),
  listPullLeftovers: op({
    method: 'GET',
    path: '/api/pulls/leftovers',
    scope: 'admin',
    tag: 'models',
    summary:
      'What is on the disk but belongs to no model: of interrupted pulls, of replaced models, and files that no model names',
    replies: { 200: Type.Array(PullLeftover) },
  }),
  clearPullLeftovers: op({
    method: 'DELETE',
    path: '/api/pulls/leftovers',
    scope: 'admin',
    tag: 'models',
    summary: 'Remove of that what no pull and no slot is using',
    replies: { 200: Type.Array(PullLeftover) },
  }),
} as const satisfies Record<string, Operation>
