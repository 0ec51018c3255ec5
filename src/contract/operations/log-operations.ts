/** The routes about what happened: the decision log. */
import { Type } from 'typebox'
import { Decision, decisionFilter } from '../logs/decision.ts'
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
} as const satisfies Record<string, Operation>
