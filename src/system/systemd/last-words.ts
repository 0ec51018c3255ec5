/** What the API's unit printed last. */
import { stripVTControlCharacters } from 'node:util'
import { apiUnit } from './hosting.ts'
import { Journal } from './journal/journal.ts'
import type { Scope } from './unit/systemctl.ts'

const lines = 10

/**
 * The last line that hal0 itself printed as a service, without what systemd says about the unit.
 * @returns null if there is none, or this user may not read it
 */
export const lastWords = async (scope: Scope): Promise<string | null> => {
  try {
    const { lines: printed } = await new Journal(scope).last({ unit: apiUnit }, lines)
    return printed.map(({ text }) => stripVTControlCharacters(text).trim()).findLast((text) => text !== '') ?? null
  } catch {
    // No journal: whoever asks can do without.
    return null
  }
}
