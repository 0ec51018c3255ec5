/** Converts a word of the command line to the type that a configuration key has. */
import type { TSchema } from 'typebox'

/** The part of JSON Schema that configuration keys use. */
interface Shape {
  type?: string
  anyOf?: Shape[]
}

const typesOf = (shape: Shape): (string | undefined)[] =>
  shape.anyOf === undefined ? [shape.type] : shape.anyOf.flatMap(typesOf)

const words: Record<string, boolean> = { true: true, yes: true, on: true, false: false, no: false, off: false }

/** The text as the schema's type. If it is not one, the text itself, so that the schema check can report it. */
export const typedValue = (schema: TSchema, text: string): unknown => {
  const types = typesOf(schema as Shape)
  if (types.includes('null') && text === 'null') return null
  if (types.includes('boolean')) return words[text] ?? text
  if (types.includes('integer') || types.includes('number')) return /^[+-]?(\d|\.\d)/.test(text) ? Number(text) : text
  if (!types.includes('array')) return text
  if (!text.startsWith('[')) return text === '' ? [] : text.split(',').map((part) => part.trim())
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The schema check then reports that a list is expected.
    return text
  }
}
