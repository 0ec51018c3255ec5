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
}

/**
 * The pull of a model of the catalog; null when the catalog has no such id.
 * @throws Failure when no engine of this version can run it
 */
export const fromCatalog = async (id: string): Promise<PullOrder | null> => {
  const offers = await call('listCatalog', {})
  const offer = offers.find((one) => one.id === id)
  if (offer === undefined) return null
  const { pull: body, size, provider } = offer
  if (body !== null) return { id, body, size }
  throw new Failure(exitCode.failed, `${id} cannot be pulled yet: this version of hal0 has no engine ${provider}.`, {
    hint: 'hal0 model search --catalog chat',
  })
}
