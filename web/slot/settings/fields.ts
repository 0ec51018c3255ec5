/** The fields of a slot's settings, made from the API's schema. Pure. */

/** As far as the form needs it. */
export interface JsonSchema {
  type?: string
  description?: string
  enum?: (string | null)[]
  minimum?: number
  maximum?: number
  maxLength?: number
  examples?: unknown[]
  properties?: Record<string, JsonSchema>
  anyOf?: JsonSchema[]
  $ref?: string
}

export type FieldKind = 'boolean' | 'choice' | 'whole' | 'number' | 'text' | 'list' | 'json'

export interface Field {
  key: string
  kind: FieldKind
  group: 'model' | 'backend' | 'conduct'
  /** For people; empty: the schema says nothing. */
  description: string
  /** It may be left to its default. */
  isNullable: boolean
  choices: readonly string[]
  minimum: number | null
  maximum: number | null
  example: string
  /** What the backend was started with changes at the next load. */
  atLoad: boolean
}

/** The keys that say what runs. */
const workload = ['model', 'provider', 'mode', 'port', 'load', 'autostart', 'aliases']
/** Those of the common keys that the backend is started with. */
const startedWith = ['model', 'provider', 'mode', 'port', 'engine', 'sentinel']

/** The schema without its reference and its null. */
const unwrapped = (
  schema: JsonSchema,
  named: Record<string, JsonSchema>,
): { schema: JsonSchema; isNullable: boolean } => {
  const { $ref, anyOf } = schema
  if ($ref !== undefined) {
    const inner = named[$ref.split('/').at(-1) ?? ''] ?? {}
    return unwrapped({ ...inner, description: schema.description ?? inner.description ?? '' }, named)
  }
  const inner = anyOf?.find((one) => one.type !== 'null')
  if (inner === undefined) return { schema, isNullable: false }
  const { schema: found } = unwrapped(inner, named)
  return { schema: { ...found, description: schema.description ?? found.description ?? '' }, isNullable: true }
}

const kindOf = ({ type, enum: choices }: JsonSchema): FieldKind => {
  if (choices !== undefined) return 'choice'
  if (type === 'boolean') return 'boolean'
  if (type === 'integer') return 'whole'
  if (type === 'number') return 'number'
  if (type === 'array') return 'list'
  return type === 'string' ? 'text' : 'json'
}

/** Keys of the providers' sections that a body has beside the common ones, each with the name of its section. */
export const flatKeys = (patch: JsonSchema): ReadonlyMap<string, string> => {
  const all = patch.properties ?? {}
  return new Map(
    Object.entries(all).flatMap(([section, { properties }]) => {
      const keys = Object.keys(properties ?? {})
      return keys.length > 0 && keys.every((key) => key in all) ? keys.map((key) => [key, section] as const) : []
    }),
  )
}

/**
 * @param patch schema of the body of `PATCH /api/slots/{name}`
 * @param named the schemas that it refers to
 */
export const fieldsOf = (patch: JsonSchema, named: Record<string, JsonSchema>): Field[] => {
  const flat = flatKeys(patch)
  const mirrors = new Set(flat.values())
  return Object.entries(patch.properties ?? {})
    .filter(([key]) => !mirrors.has(key))
    .map(([key, wrapped]) => {
      const { schema, isNullable } = unwrapped(wrapped, named)
      const isBackend = flat.has(key)
      return {
        key,
        kind: kindOf(schema),
        group: isBackend ? 'backend' : workload.includes(key) ? 'model' : 'conduct',
        description: schema.description ?? '',
        isNullable,
        choices: (schema.enum ?? []).filter((choice) => choice !== null),
        minimum: schema.minimum ?? null,
        maximum: schema.maximum ?? null,
        example: schema.examples?.[0] === undefined ? '' : String(schema.examples[0]),
        atLoad: isBackend || startedWith.includes(key),
      }
    })
}
