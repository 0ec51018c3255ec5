/** The routes of keys. */
import { Type } from 'typebox'
import { Key, KeyCreate, KeyMade } from '../access/keys.ts'
import { type Operation, op } from './operation.ts'

export const keyOperations = {
  listKeys: op({
    method: 'GET',
    path: '/api/keys',
    scope: 'admin',
    tag: 'keys',
    summary: 'All keys, with what they have been used for; the keys themselves are never shown',
    replies: { 200: Type.Array(Key) },
  }),
  createKey: op({
    method: 'POST',
    path: '/api/keys',
    scope: 'admin',
    tag: 'keys',
    summary: 'Make a key; this answer is the only place that shows it',
    body: KeyCreate,
    replies: { 201: KeyMade },
  }),
  revokeKey: op({
    method: 'DELETE',
    path: '/api/keys/{name}',
    scope: 'admin',
    tag: 'keys',
    summary: 'Revoke a key; its open streams end',
    params: Type.Object({ name: Type.String() }, { additionalProperties: false }),
    replies: { 204: null },
  }),
} as const satisfies Record<string, Operation>
