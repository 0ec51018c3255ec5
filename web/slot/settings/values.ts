/** Values of fields as they are typed, and back. Pure. */
import { texts } from '../texts.ts'
import type { Field } from './fields.ts'

const words = texts.settings

/** A value as the field shows it. */
export const shownValue = ({ kind }: Pick<Field, 'kind'>, value: unknown): string => {
  if (value === null || value === undefined) return ''
  if (kind === 'list') return (value as unknown[]).join('\n')
  return kind === 'json' ? JSON.stringify(value, null, 2) : String(value)
}

export type Typed = { value: unknown } | { problem: string }

const typedNumber = ({ kind, minimum, maximum }: Field, text: string): Typed => {
  const value = Number(text)
  if (!Number.isFinite(value)) return { problem: words.number }
  if (kind === 'whole' && !Number.isInteger(value)) return { problem: words.whole }
  if (minimum !== null && value < minimum) return { problem: words.least(minimum) }
  if (maximum !== null && value > maximum) return { problem: words.most(maximum) }
  return { value }
}

const typedJson = (text: string): Typed => {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { problem: `must be JSON: ${(error as Error).message}` }
  }
}

/** What was typed as the value that the API takes; null takes a key back to its default. */
export const typedValue = (field: Field, text: string): Typed => {
  const { kind } = field
  if (kind === 'boolean') return { value: text === 'true' }
  if (kind === 'list') {
    return {
      value: text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    }
  }
  const trimmed = text.trim()
  if (trimmed === '') return { value: null }
  if (kind === 'whole' || kind === 'number') return typedNumber(field, trimmed)
  return kind === 'json' ? typedJson(trimmed) : { value: trimmed }
}
