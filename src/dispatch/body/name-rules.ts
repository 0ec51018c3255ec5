/** Rules for every place where a model can be named. Pure. */
import { Hal0Error } from '../../lib/hal0-error.ts'

/** Number of bytes of a name that are kept: the longest valid name has 128 characters. */
export const keptNameBytes = 1024
const shownBytes = 128

export const modelMissing = (what: 'field' | 'parameter'): Hal0Error =>
  new Hal0Error('request.invalid', `The ${what} "model" is missing. GET /v1/models lists the names that it can have.`, {
    param: 'model',
  })

/** How an overlong name is shown. */
export const shownName = (beginning: Buffer, bytes: number): string =>
  `${beginning.subarray(0, shownBytes).toString('utf8')}… (${bytes} bytes)`

/**
 * @param known the model that the body named before; null: none
 * @throws Hal0Error `request.invalid` if it names two models
 */
export const onlyName = (known: string | null, name: string): string => {
  if (known === null || known === name) return name
  throw new Hal0Error(
    'request.invalid',
    'The body has the field "model" more than once, with different values. Send it once.',
    { param: 'model' },
  )
}
