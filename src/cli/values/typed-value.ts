/** Converts a word of the command line to the type that a configuration key has, and says what a key takes. Pure. */
import type { TSchema } from 'typebox'
import { formOf } from '../../contract/schema/pattern.ts'
import { shellWords } from './shell-words.ts'

/** The part of JSON Schema that configuration keys use. */
interface Shape {
  type?: string
  anyOf?: Shape[]
  enum?: string[]
  pattern?: string
  minimum?: number
  maximum?: number
  examples?: unknown[]
}

const alternatives = (shape: Shape): Shape[] =>
  shape.anyOf === undefined ? [shape] : shape.anyOf.flatMap(alternatives)

const words: Record<string, boolean> = { true: true, yes: true, on: true, false: false, no: false, off: false }

/** How the words of a list are separated: by commas, or as a shell separates arguments. */
export type ListForm = 'commas' | 'shell'

const listOf = (text: string, form: ListForm): unknown => {
  if (!text.startsWith('[')) {
    // A quote that is not closed: the schema check then reports that a list is expected.
    if (form === 'shell') return shellWords(text) ?? text
    return text === '' ? [] : text.split(',').map((part) => part.trim())
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The schema check then reports that a list is expected.
    return text
  }
}

/** The text as the schema's type. If it is not one, the text itself, so that the schema check can report it. */
export const typedValue = (schema: TSchema, text: string, form: ListForm = 'commas'): unknown => {
  const types = alternatives(schema as Shape).map(({ type }) => type)
  if (types.includes('null') && text === 'null') return null
  if (types.includes('boolean')) return words[text] ?? text
  if (types.includes('integer') || types.includes('number')) return /^[+-]?(\d|\.\d)/.test(text) ? Number(text) : text
  return types.includes('array') ? listOf(text, form) : text
}

/** The words that a key takes; empty if it takes other values, too. */
export const wordsTakenBy = (schema: TSchema): string[] => {
  const shapes = alternatives(schema as Shape)
  if (shapes.some(({ type }) => type === 'boolean')) return ['true', 'false']
  return shapes.flatMap((shape) => shape.enum ?? [])
}

const range = ({ minimum, maximum }: Shape): string => {
  if (minimum === undefined) return maximum === undefined ? '' : ` up to ${maximum}`
  return maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`
}

const takes = (shape: Shape, form: ListForm): string => {
  if (shape.enum !== undefined) return `one of ${shape.enum.join(', ')}`
  if (shape.type === 'null') return 'null'
  if (shape.type === 'boolean') return 'true or false'
  if (shape.type === 'integer') return `a whole number${range(shape)}`
  if (shape.type === 'number') return `a number${range(shape)}`
  if (shape.type === 'array')
    return form === 'shell' ? 'arguments as in a shell, or JSON' : 'words with commas between, or JSON'
  return shape.pattern === undefined ? 'a text' : `a text, which ${formOf(shape.pattern)}`
}

/** What a key takes, e.g. `a whole number of at least 1, or null`. A pattern takes many words: it comes last. */
export const takenBy = (schema: TSchema, form: ListForm = 'commas'): string =>
  alternatives(schema as Shape)
    .toSorted((a, b) => Number(a.pattern !== undefined) - Number(b.pattern !== undefined))
    .map((shape) => takes(shape, form))
    .join(', or ')

const exampleOf = (shape: Shape, byDefault: unknown, form: ListForm): string => {
  const [example] = shape.examples ?? []
  if (example !== undefined) return String(example)
  if (typeof byDefault === 'number' || (typeof byDefault === 'string' && byDefault !== '')) return String(byDefault)
  if (shape.enum !== undefined) return shape.enum[0] ?? ''
  if (shape.type === 'boolean') return 'true'
  if (shape.type === 'integer' || shape.type === 'number') return String(Math.max(1, shape.minimum ?? 0))
  if (shape.type === 'array') return form === 'shell' ? '"-t 4"' : 'first,second'
  return 'TEXT'
}

/** A value that a key takes, as it is typed: an example of the schema, else the default. */
export const exampleFor = (schema: TSchema, byDefault: unknown, form: ListForm = 'commas'): string =>
  exampleOf(alternatives(schema as Shape)[0] ?? {}, byDefault, form)
