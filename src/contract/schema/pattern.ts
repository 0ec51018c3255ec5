/** Texts that have to match a pattern. What they look like is also said in words: the pattern itself would not help a person. */
import { type TString, Type } from 'typebox'

const words = new Map<string, string>()

/**
 * Schema of such a text.
 * @param form what is asked of it, as the end of a sentence: `must be …`
 */
export const patterned = (pattern: string, form: string, options: Parameters<typeof Type.String>[0] = {}): TString => {
  words.set(pattern, form)
  return Type.String({ ...options, pattern })
}

/** What a pattern asks of a text, as the end of a sentence. */
export const formOf = (pattern: string): string => words.get(pattern) ?? 'does not have the form that it needs'

/** Sum of a file. */
export const Sha256 = patterned('^[0-9a-f]{64}$', 'must be a sha256: 64 hexadecimal digits')
