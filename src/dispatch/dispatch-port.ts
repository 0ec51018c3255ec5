/** The dispatcher and its log as the HTTP layer sees them. */
import type { Decision } from '../contract/system.ts'
import type { Bus } from '../lib/bus.ts'
import type { Answer, IncomingRequest } from '../lib/http/incoming.ts'

export interface DecisionQuery {
  limit?: number
  before?: number
  slot?: string
  model?: string
}

export interface DecisionLog {
  /** Newest first. */
  list(query: DecisionQuery): Decision[]
  /** Every decision, once its request has ended. */
  readonly added: Bus<Decision>
}

/** Answers one `/v1` inference request. Never throws: what fails is answered with an envelope. */
export type Dispatch = (request: IncomingRequest, path: string, answer: Answer) => void
