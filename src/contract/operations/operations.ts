/**
 * The operation table: every JSON route of the API with its schemas. Elysia's routes, `/openapi.json`, the CLI's client
 * and the dashboard are made from it, so that no wire type is written twice.
 */
import { type Static, type TSchema, Type } from 'typebox'
import { engineSchemas, openEngineSchemas } from '../engine.ts'
import { openSettingsSchemas, settingsSchemas } from '../settings.ts'
import { type ConfigSection, openSlotSchemas, slotSchemas } from '../slot-config.ts'
import { daemonOperations } from './daemon-operations.ts'
import { engineOperations } from './engine-operations.ts'
import { hubOperations } from './hub-operations.ts'
import { keyOperations } from './key-operations.ts'
import { logOperations } from './log-operations.ts'
import { modelOperations } from './model-operations.ts'
import type { Operation } from './operation.ts'
import { pullOperations } from './pull-operations.ts'
import { sessionOperations } from './session-operations.ts'
import { slotOperations } from './slot-operations.ts'

/** The schemas that depend on the providers, for clients: they allow other keys and names. */
const openSchemas = { ...openSlotSchemas, ...openEngineSchemas, ...openSettingsSchemas }
export type ProviderSchemas = typeof openSchemas

/** The same schemas, complete. @param sections of all providers, that of the default first */
export const providerSchemas = (sections: readonly ConfigSection[]): ProviderSchemas => {
  const names = sections.map(({ provider }) => provider)
  return { ...slotSchemas(sections), ...engineSchemas(names), ...settingsSchemas(names) }
}

/** @param schemas the daemon's are complete, its clients' open */
export const operationsWith = (schemas: ProviderSchemas) =>
  ({
    ...daemonOperations(schemas),
    ...logOperations,
    ...slotOperations(schemas),
    ...modelOperations,
    ...pullOperations,
    ...hubOperations,
    ...engineOperations(schemas),
    ...keyOperations,
    ...sessionOperations,
  }) as const satisfies Record<string, Operation>

export type Operations = ReturnType<typeof operationsWith>

/** The table for clients. */
export const operations = operationsWith(openSchemas)

export type OperationName = keyof typeof operations

type Has<O, K extends string> = O extends Record<K, infer S extends TSchema> ? Static<S> : undefined
type ReplyOf<R> = { [S in keyof R]: R[S] extends TSchema ? Static<R[S]> : undefined }[keyof R]

/** Static types of one operation, for its handler and for its callers. */
export type Params<N extends OperationName> = Has<(typeof operations)[N], 'params'>
export type Query<N extends OperationName> = Has<(typeof operations)[N], 'query'>
export type Body<N extends OperationName> = Has<(typeof operations)[N], 'body'>
export type Reply<N extends OperationName> = ReplyOf<(typeof operations)[N]['replies']>

/** Body schema of operations without one of their own: nothing, or `{}`. */
export const NoBody = Type.Object({}, { additionalProperties: false })
