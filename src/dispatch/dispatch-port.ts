/** The dispatcher and its log as the HTTP layer sees them. */
import type { Decision } from '../contract/system.ts'
import type { Bus } from '../lib/bus.ts'

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

/**
 * Answers one `/v1` inference request. Never rejects: what fails becomes an enveloped Response.
 * @param keepOpen lets the client's connection be silent for as long as it takes
 */
export type Dispatch = (request: Request, path: string, keepOpen: () => void) => Promise<Response>
