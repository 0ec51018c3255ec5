/** Schemas of the API by name, so that the OpenAPI document refers to them instead of repeating them. */
import type { TSchema } from 'typebox'
import { Engine, EngineInstall, EngineUse } from '../../contract/engine.ts'
import { ErrorBody, ErrorEnvelope } from '../../contract/error.ts'
import {
  ModelEntry,
  ModelFile,
  ModelImport,
  ModelVerification,
  VerificationProgress,
} from '../../contract/models/model.ts'
import {
  Slot,
  SlotConfig,
  SlotCreate,
  SlotName,
  SlotPatch,
  SlotProgress,
  SlotRecord,
  SlotState,
  SwapRequest,
} from '../../contract/slot.ts'
import { Decision, Health, Status } from '../../contract/system.ts'

const named: Record<string, TSchema> = {
  Decision,
  Engine,
  EngineInstall,
  EngineUse,
  ErrorBody,
  ErrorEnvelope,
  Health,
  ModelEntry,
  ModelFile,
  ModelImport,
  ModelVerification,
  Slot,
  SlotConfig,
  SlotCreate,
  SlotName,
  SlotPatch,
  SlotProgress,
  SlotRecord,
  SlotState,
  Status,
  SwapRequest,
  VerificationProgress,
}

export type JsonSchema = Record<string, unknown>

/** Composed schemas hold copies, hence the comparison by text. */
const nameByText = new Map(Object.entries(named).map(([name, schema]) => [JSON.stringify(schema), name]))

const refer = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(refer)
  if (typeof value !== 'object' || value === null) return value
  const name = nameByText.get(JSON.stringify(value))
  return name === undefined ? inline(value) : { $ref: `#/components/schemas/${name}` }
}

const inline = (value: object): JsonSchema =>
  Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, refer(inner)]))

/** `schema` as plain JSON Schema, named parts replaced by references. */
export const schemaRef = (schema: TSchema): JsonSchema => refer(schema) as JsonSchema

export const componentSchemas = (): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, inline(schema)]))
