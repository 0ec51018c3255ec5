/** What is relayed, and what is known of it at its end. */

import type { Endpoint } from '../../contract/endpoints.ts'
import type { Client } from '../../lib/client.ts'
import type { Hal0Error } from '../../lib/hal0-error.ts'
import type { Answer } from '../../lib/http/incoming.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'
import type { BodyPieces } from '../body/body-pieces.ts'
import type { Target, TargetLease } from '../targets/target.ts'

export interface RelayRequest {
  endpoint: Pick<Endpoint, 'method' | 'backendPath' | 'dialect'>
  target: Pick<Target, 'name' | 'slot' | 'upstream'>
  lease: TargetLease
  /** The client's. */
  headers: WireHeaders
  body: BodyPieces
  /** Called once the backend has taken a large body, whose memory is free then. */
  bodySent: () => void
  requestId: string
  /** Header lines that every answer of this server carries. */
  headerLines: string
  answer: Answer
  client: Client
}

/** How an answer ended that the client got at least the head of. */
export interface RelayReport {
  outcome: 'ok' | 'aborted' | 'broken'
  status: number
  /** Why it is broken. */
  error: Hal0Error | null
  /** Server-sent events. */
  streamed: boolean
  /** When the first byte of the body came, on the clock of `performance.now()`. */
  firstByteAt: number | null
  /** The last bytes of the body, 4 KiB or more; all of it when it was not passed on piece by piece. */
  tail: Buffer
}
