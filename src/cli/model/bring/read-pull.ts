import { Pull } from '../../../contract/models/pull.ts'
import { problemsOf } from '../../../lib/validate.ts'

/** The pull of an event; null when this version cannot read it. The next event may be readable, so it is only skipped. */
export const readPull = (data: string): Pull | null => {
  try {
    const value = JSON.parse(data) as unknown
    return problemsOf(Pull, value).length === 0 ? (value as Pull) : null
  } catch {
    return null
  }
}
