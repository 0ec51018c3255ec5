/** What a client is told when a backend fails it. */
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'

/** The connection broke, could not be made, or carried something that is no HTTP. */
export const upstreamFailed = (slot: string, cause: Error): Hal0Error =>
  new Hal0Error(
    'upstream.failed',
    `The backend of slot ${slot} broke the connection before its answer was complete. Try again; "hal0 slot logs ${slot}" shows what it printed.`,
    { details: { slot, cause: bounded(cause.message, 200) }, cause },
  )

/** @param timeoutMs how long nothing came from the backend, or nothing was taken by the client */
export const upstreamTimeout = (slot: string, timeoutMs: number): Hal0Error =>
  new Hal0Error(
    'upstream.timeout',
    `The backend of slot ${slot} was silent for ${timeoutMs / 1000} s. If its answers need longer, raise request_timeout_s of the slot.`,
    { details: { slot, timeout_s: timeoutMs / 1000 } },
  )
