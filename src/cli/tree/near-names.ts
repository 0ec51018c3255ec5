import { didYouMean } from '../../lib/text/did-you-mean.ts'
import type { Failure } from '../terminal/failure.ts'
import { type NameKind, namesOf } from './names.ts'

const kinds: Record<string, NameKind> = {
  'slot.not_found': 'slot',
  'model.not_found': 'model',
  'engine.not_found': 'engine',
  'pull.not_found': 'pull',
}

/** The question at the end of an error about a slot, model, engine or pull that does not exist; '' if nothing is near its name. */
export const nearNames = async ({ body, subject }: Failure): Promise<string> => {
  const kind = body === null ? undefined : kinds[body.code]
  if (kind === undefined) return ''
  const word = [body?.details[kind], body?.details.id, subject].find((one) => typeof one === 'string')
  if (typeof word !== 'string') return ''
  const names = await namesOf(kind)
  // It exists, and the error is about something else of it.
  return names.includes(word) ? '' : didYouMean(word, names)
}
