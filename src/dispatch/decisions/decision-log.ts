/** The decision log as the HTTP layer sees it. */
import type { Decision } from '../../contract/system.ts'
import type { Bus } from '../../lib/async/bus.ts'

export interface DecisionQuery {
  limit?: number
  before?: number
  after?: number
  slot?: string
  model?: string
}

export interface DecisionPage {
  /** Newest first. */
  decisions: Decision[]
  /** With this as `before` the list goes on; null: there is no more. */
  next: number | null
}

export interface DecisionLog {
  /**
   * Looks through a bounded part of the log, so that a page may hold fewer than the limit, or none, and still have a next one.
   * @throws Hal0Error `daemon.busy` when many ask at once
   */
  list(query: DecisionQuery): Promise<DecisionPage>
  /** Every decision once its request has ended and it is written; while the disk refuses it, without that. */
  readonly added: Bus<Decision>
}
