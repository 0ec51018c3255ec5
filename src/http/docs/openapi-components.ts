/** Schemas of the API by name, so that the OpenAPI document refers to them instead of repeating them. */
import type { TSchema } from 'typebox'
import { Engine } from '../../contract/engine.ts'
import { AnthropicErrorEnvelope, ErrorBody, ErrorEnvelope } from '../../contract/error.ts'
import { Gpu, Hardware } from '../../contract/hardware.ts'
import { Decision } from '../../contract/logs/decision.ts'
import { Fit } from '../../contract/models/fit.ts'
import { Model, ModelFile, ModelImport, ModelVerification, VerificationProgress } from '../../contract/models/model.ts'
import { OpenAiModel, OpenAiModelList } from '../../contract/models/openai-model.ts'
import {
  SlotName,
  SlotProgress,
  SlotQueue,
  SlotQueueEvent,
  SlotRecord,
  SlotState,
  SwapRequest,
} from '../../contract/slot.ts'
import { Health, Status } from '../../contract/system.ts'

/** The schemas that do not depend on the providers. */
const fixed: Record<string, TSchema> = {
  AnthropicErrorEnvelope,
  Decision,
  Engine,
  ErrorBody,
  ErrorEnvelope,
  Fit,
  Gpu,
  Hardware,
  Health,
  Model,
  ModelFile,
  ModelImport,
  ModelVerification,
  OpenAiModel,
  OpenAiModelList,
  SlotName,
  SlotProgress,
  SlotQueue,
  SlotQueueEvent,
  SlotRecord,
  SlotState,
  Status,
  SwapRequest,
  VerificationProgress,
}

export type JsonSchema = Record<string, unknown>

/** Composed schemas contain copies, so they are compared by their text. */
export class Components {
  readonly #schemas: [string, TSchema][]
  readonly #nameByText: ReadonlyMap<string, string>

  /** @param schemas that depend on the providers, by name */
  constructor(schemas: Record<string, TSchema>) {
    this.#schemas = Object.entries({ ...fixed, ...schemas }).sort(([a], [b]) => (a < b ? -1 : 1))
    this.#nameByText = new Map(this.#schemas.map(([name, schema]) => [JSON.stringify(schema), name]))
  }

  /** `schema` as plain JSON Schema, with named parts replaced by references. */
  ref(schema: TSchema): JsonSchema {
    return this.#refer(schema) as JsonSchema
  }

  all(): Record<string, JsonSchema> {
    return Object.fromEntries(this.#schemas.map(([name, schema]) => [name, this.#inline(schema)]))
  }

  #refer(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#refer(one))
    if (typeof value !== 'object' || value === null) return value
    const name = this.#nameByText.get(JSON.stringify(value))
    return name === undefined ? this.#inline(value) : { $ref: `#/components/schemas/${name}` }
  }

  #inline(value: object): JsonSchema {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#refer(inner)]))
  }
}

const fixedComponents = new Components({})

/** Like `Components.ref`, for schemas that do not depend on the providers. */
export const schemaRef = (schema: TSchema): JsonSchema => fixedComponents.ref(schema)
