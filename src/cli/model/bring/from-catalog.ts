import type { CatalogOffer } from '../../../contract/models/catalog.ts'
import type { Fit } from '../../../contract/models/fit.ts'
import type { PullRequest } from '../../../contract/models/pull.ts'
import { call } from '../../api/client.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { Failure } from '../../terminal/failure.ts'

/** The request for a pull, ready to be sent. */
export interface PullOrder {
  /** Id in the registry. */
  id: string
  body: PullRequest
  /** Bytes. */
  size: number
  /** On this machine; null: not known. */
  fit: Fit | null
  /** Just this is here already. */
  installed: boolean
}

/**
 * The pull of an offer of the catalog.
 * @throws Failure when no engine of this version can run it
 */
export const orderOffer = ({ id, pull: body, size, provider, fit, installed }: CatalogOffer): PullOrder => {
  if (body !== null) return { id, body, size, fit, installed }
  throw new Failure(exitCode.failed, `${id} cannot be pulled yet: this version of hal0 has no engine ${provider}.`, {
    hint: 'hal0 model search --catalog chat',
  })
}

/**
 * The pull of a model of the catalog; null when the catalog has no such id.
 * @throws Failure when no engine of this version can run it
 */
export const fromCatalog = async (id: string): Promise<PullOrder | null> => {
  const offers = await call('listCatalog', {})
  const offer = offers.find((one) => one.id === id)
  return offer === undefined ? null : orderOffer(offer)
}
