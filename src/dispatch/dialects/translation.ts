/** The one place where the events of an answer are translated from the dialect of its backend to that of its client. */
import type { Dialect } from '../../contract/endpoints.ts'

/** Translates one event stream. */
export interface Translation {
  /** @returns what to send to the client now, which may be nothing */
  piece(bytes: Buffer): Buffer
  /** The stream has ended normally. @returns what is left to send */
  rest(): Buffer
}

type Translations = Partial<Record<`${Dialect} to ${Dialect}`, () => Translation>>

/** None yet: every backend speaks the dialects of the endpoints that lead to it. */
const known: Translations = {}

/**
 * @param spoken by the backend itself
 * @returns null if the answer is passed on unchanged
 */
export const translationTo = (
  client: Dialect,
  spoken: readonly Dialect[],
  translations: Translations = known,
): Translation | null => {
  if (spoken.includes(client)) return null
  for (const dialect of spoken) {
    const translation = translations[`${dialect} to ${client}`]
    if (translation !== undefined) return translation()
  }
  return null
}
