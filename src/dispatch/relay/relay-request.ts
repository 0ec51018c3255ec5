/** The input of a relay, and its report at the end. */

import type { Endpoint } from '../../contract/endpoints.ts'
import type { Client } from '../../lib/client.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { Answer } from '../../lib/http/incoming.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'
import type { BodyPieces } from '../body/body-pieces.ts'
import type { AnswerEnds } from '../dialects/usage.ts'
import type { Target, TargetLease } from '../targets/target.ts'

export interface RelayRequest {
  endpoint: Pick<Endpoint, 'method' | 'backendPath' | 'model' | 'dialect'>
  target: Pick<Target, 'name' | 'slot' | 'upstream'>
  lease: TargetLease
  /** The client's. */
  headers: WireHeaders
  body: BodyPieces
  /** The backend keeps the stream of the answer: it is read to its end even if the client hangs up. */
  isKept: boolean
  /** Called once the backend has taken a large body, so that its memory is free. */
  bodySent: () => void
  requestId: string
  /** Header lines that every answer of this server has. */
  headerLines: string
  answer: Answer
  client: Client
}

/** How an answer ended, if the client got at least its head. */
export interface RelayReport {
  outcome: 'ok' | 'aborted' | 'broken'
  status: number
  /** Why it broke off. */
  error: Hal0Error | null
  /** Server-sent events. */
  streamed: boolean
  /** When the first byte of the body arrived, in terms of `performance.now()`. */
  firstByteAt: number | null
  /** The ends of the body; both are the whole body if it was not streamed. */
  ends: AnswerEnds
}

/** The client hung up before there was anything to send to it. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}
