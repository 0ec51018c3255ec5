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
  /** The `before` that continues the list; null: there is no more. */
  next: number | null
}

export interface DecisionLog {
  /**
   * Searches a bounded part of the log, so that a page may have fewer decisions than the limit, or none, and still have a next page.
   * @throws Hal0Error `daemon.busy` when many ask at once
   */
  list(query: DecisionQuery): Promise<DecisionPage>
  /** Every decision, once its request has ended and the decision is written or the disk has refused it. */
  readonly added: Bus<Decision>
}
