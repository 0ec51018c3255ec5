/** The routes about what happened: the decision log. */
import { Type } from 'typebox'
import { Decision, decisionFilter } from '../logs/decision.ts'
import { Why } from '../logs/why.ts'
import { type Operation, op } from './operation.ts'

export const logOperations = {
  listDecisions: op({
    method: 'GET',
    path: '/api/logs/decisions',
    scope: 'admin',
    tag: 'logs',
    summary: 'Decisions of the dispatcher, newest first; where there are more, the Link header has the next page',
    query: Type.Object(
      {
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
        before: Type.Optional(Type.Integer({ minimum: 1, description: 'Only decisions with a smaller id.' })),
        ...decisionFilter,
      },
      { additionalProperties: false },
    ),
    replies: { 200: Type.Array(Decision) },
  }),
  why: op({
    method: 'GET',
    path: '/api/why',
    scope: 'admin',
    tag: 'logs',
    summary:
      'What led to the answer of a request or to the state of a slot; without either, of the slots in error, or of the last request',
    query: Type.Object(
      {
        request: Type.Optional(
          Type.String({ minLength: 1, maxLength: 128, description: 'The x-request-id of its answer.' }),
        ),
        slot: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
      },
      { additionalProperties: false },
    ),
    replies: { 200: Why },
  }),
} as const satisfies Record<string, Operation>
