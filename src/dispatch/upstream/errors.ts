/** Errors for requests whose backend fails. */
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'

/** Whose backend it is. */
interface Whose {
  name: string
  /** null: it does not belong to a slot. */
  slot: string | null
}

const backendOf = ({ name, slot }: Whose): string => (slot === null ? name : `The backend of slot ${slot}`)

/** The connection broke, could not be opened, or its data is not HTTP. */
export const upstreamFailed = (whose: Whose, cause: Error): Hal0Error => {
  const { slot } = whose
  const next = slot === null ? '' : `; "hal0 slot logs ${slot}" shows what it printed`
  return new Hal0Error(
    'upstream.failed',
    `${backendOf(whose)} broke the connection before its answer was complete. Try again${next}.`,
    { details: { slot, cause: bounded(cause.message, 200) }, cause },
  )
}

/** It does not take hal0's key. */
export const upstreamRefused = (whose: Whose): Hal0Error => {
  const { slot } = whose
  const next = slot === null ? 'Check its key.' : `Load it again, which gives it a new one: hal0 slot restart ${slot}`
  return new Hal0Error('upstream.failed', `${backendOf(whose)} does not accept the key that hal0 has for it. ${next}`, {
    details: { slot, status: 401 },
    retryAfterS: null,
  })
}

/** @param timeoutMs how long the backend sent nothing, or the client took nothing */
export const upstreamTimeout = (whose: Whose, timeoutMs: number): Hal0Error => {
  const { slot } = whose
  const next = slot === null ? '' : ' If its answers need longer, raise request_timeout_s of the slot.'
  return new Hal0Error('upstream.timeout', `${backendOf(whose)} was silent for ${timeoutMs / 1000} s.${next}`, {
    details: { slot, timeout_s: timeoutMs / 1000 },
  })
}
