import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { formOf } from '../contract/schema/pattern.ts'
import { bounded } from './bounded.ts'
import { Hal0Error } from './hal0-error.ts'
import { nearest } from './text/did-you-mean.ts'

/** Limits of what is reported: a body may have any number of unknown fields with names of any length. */
const maxProblems = 50
const maxField = 128
/** A hint costs a comparison with each known field. */
const hintedProblems = 5

const compiled = new WeakMap<TSchema, ReturnType<typeof Compile>>()

const validator = (schema: TSchema) => {
  let known = compiled.get(schema)
  if (known === undefined) {
    known = Compile(schema)
    compiled.set(schema, known)
  }
  return known
}

/** One violation of a schema: the field in dotted notation ('' for the value itself) and why it was refused. */
export interface Problem {
  field: string
  reason: string
}

interface ObjectSchema extends TSchema {
  properties: Record<string, unknown>
  required: string[]
}

const isObjectSchema = (schema: TSchema): schema is ObjectSchema => 'properties' in schema

/**
 * Of a union of objects, the one that the value is meant to be: one with a required field that the value has and the first one does
 * not know; otherwise the first. So the problems are those of one form, not of all at once.
 */
const formFor = (schema: TSchema, value: unknown): TSchema => {
  const forms = 'anyOf' in schema && Array.isArray(schema.anyOf) ? (schema.anyOf as TSchema[]) : []
  if (forms.length === 0 || !forms.every(isObjectSchema) || typeof value !== 'object' || value === null) return schema
  const [first, ...others] = forms as [ObjectSchema, ...ObjectSchema[]]
  const marks = ({ required = [] }: ObjectSchema) => required.filter((key) => !Object.hasOwn(first.properties, key))
  return others.find((form) => marks(form).some((key) => Object.hasOwn(value, key))) ?? first
}

/** Which field may be meant by an unknown one, as the end of a reason. @param path of the object's schema, as the validator reports it */
const meantBy = (key: string, schema: TSchema, path: string): string => {
  if (key.length > maxField) return ''
  const steps = path.split('/').slice(1)
  const found = steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], schema)
  const near = nearest(key, Object.keys((found as Partial<ObjectSchema> | undefined)?.properties ?? {}))
  return near.length === 0 ? '' : `; is ${near.join(' or ')} meant?`
}

/** Every problem that `schema` finds in `value`; empty if it conforms. Unknown fields are problems; they are never stripped. */
export const problemsOf = (union: TSchema, value: unknown): Problem[] => {
  const schema = formFor(union, value)
  const check = validator(schema)
  if (check.Check(value)) return []
  const problems: Problem[] = []
  for (const error of check.Errors(value)) {
    const field = error.instancePath.split('/').slice(1).join('.')
    const params = error.params as Record<string, unknown>
    if (error.keyword === 'additionalProperties' && Array.isArray(params.additionalProperties)) {
      for (const key of params.additionalProperties) {
        const hint = problems.length < hintedProblems ? meantBy(String(key), schema, error.schemaPath) : ''
        const path = field === '' ? String(key) : `${field}.${String(key)}`
        problems.push({ field: path, reason: `is not a known field${hint}` })
      }
    } else if (error.keyword === 'required' && Array.isArray(params.requiredProperties)) {
      for (const key of params.requiredProperties) {
        problems.push({ field: field === '' ? String(key) : `${field}.${String(key)}`, reason: 'is missing' })
      }
    } else if (error.keyword === 'enum' && Array.isArray(params.allowedValues)) {
      problems.push({ field, reason: `must be one of ${params.allowedValues.join(', ')}` })
    } else if (error.keyword === 'pattern') {
      problems.push({ field, reason: formOf(String(params.pattern)) })
    } else if (error.keyword !== 'anyOf' && error.keyword !== 'const' && error.keyword !== 'boolean') {
      problems.push({ field, reason: error.message })
    }
  }
  if (problems.length > 0) {
    return problems.slice(0, maxProblems).map(({ field, reason }) => ({ field: bounded(field, maxField), reason }))
  }
  return [{ field: '', reason: 'does not have the expected shape' }]
}

/**
 * @param what names the checked thing in the message: "The body", "slots/primary.toml"
 * @throws Hal0Error `request.invalid` that names the first field and lists all problems in `details`
 */
export const requireNone = (problems: readonly Problem[], what: string): void => {
  const [first] = problems
  if (first === undefined) return
  const sentence =
    first.field === '' ? `${what} ${first.reason}.` : `${what} is not valid: ${first.field} ${first.reason}.`
  throw new Hal0Error('request.invalid', sentence, { param: first.field, details: { problems } })
}

/** Checks `value` and returns it as the schema's type. @throws Hal0Error see `requireNone` */
export const parse = <S extends TSchema>(schema: S, value: unknown, what = 'The request'): Static<S> => {
  requireNone(problemsOf(schema, value), what)
  return value as Static<S>
}

/** An object of JSON, or a table of TOML: by its keys. */
export type Table = Record<string, unknown>

export const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
