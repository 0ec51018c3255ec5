/** The event streams of the API. Routes and `/openapi.json` are made from them, like those of the operation table. */
import { Type } from 'typebox'
import { EventQuery } from '../events.ts'
import { DecisionFilter } from '../logs/decision.ts'
import { SlotName } from '../slot.ts'
import { idParams, type Operation } from './operation.ts'
import { LogLines } from './slot-operations.ts'

export interface EventStreamRoute extends Omit<Operation, 'method' | 'body' | 'replies'> {
  method: 'GET'
  /** A reader that reconnects with Last-Event-ID gets what it missed. */
  resumes: boolean
}

const row = { method: 'GET', scope: 'admin' } as const

export const eventStreams = {
  events: {
    ...row,
    path: '/api/events',
    tag: 'daemon',
    summary: 'The news of everything in one connection: slots, pulls, how busy the slots are, problems, decisions',
    query: EventQuery,
    resumes: true,
  },
  slotEvents: {
    ...row,
    path: '/api/slots/events',
    tag: 'slots',
    summary: 'Slots: a snapshot, then every transition; between them progress, and the queue while requests wait',
    query: Type.Object({ name: Type.Optional(Type.String({ description: 'Only this slot.' })) }),
    resumes: true,
  },
  slotLogEvents: {
    ...row,
    path: '/api/slots/{name}/logs/events',
    tag: 'slots',
    summary:
      'What the backend prints: a `log` event for each line (a JSON string), a `gap` event ({"bytes"}) where some is missing',
    params: Type.Object({ name: SlotName }),
    query: LogLines,
    resumes: true,
  },
  pullEvents: {
    ...row,
    path: '/api/models/{id}/pull/events',
    tag: 'models',
    summary: 'A pull: how it stands, then every change, at most four a second',
    params: idParams,
    resumes: false,
  },
  allPullEvents: {
    ...row,
    path: '/api/pulls/events',
    tag: 'models',
    summary: 'All pulls: how each stands, then every change, at most four a second of each and always its last',
    resumes: true,
  },
  verifyEvents: {
    ...row,
    path: '/api/models/{id}/verify/events',
    tag: 'models',
    summary:
      'The verification of a model, the current or the next one: how far it is, at most four times a second, until it ends',
    params: idParams,
    resumes: false,
  },
  decisionEvents: {
    ...row,
    path: '/api/logs/decisions/events',
    tag: 'logs',
    summary: 'Decisions of the dispatcher as they are made',
    query: DecisionFilter,
    resumes: true,
  },
} as const satisfies Record<string, EventStreamRoute>
