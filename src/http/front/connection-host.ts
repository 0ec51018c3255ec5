/** What a client's connection needs from the server. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { Answer, IncomingRequest } from '../../lib/http/incoming.ts'
import type { FrontLimits } from './limits.ts'

/** @typeParam C type of the connections, which pass themselves to say who they are */
export interface ConnectionHost<C> {
  readonly limits: FrontLimits
  /** The time of the last sweep, milliseconds: reading the clock for every request would cost more than it is worth. */
  readonly now: number
  /** No connection stays open after its answer. */
  readonly stopping: boolean
  answer(request: IncomingRequest, answer: Answer): void
  /** @param request that is refused; absent: it could not be read */
  refuse(error: Hal0Error, answer: Answer, request?: IncomingRequest): void
  /** The client closed its sending side while its answer is under way. */
  halfClosed(connection: C): void
  closed(connection: C): void
}
