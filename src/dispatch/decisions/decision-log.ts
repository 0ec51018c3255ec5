/** The decision log as the dispatcher and the HTTP layer see it. */
import type { Decision, DecisionFilter } from '../../contract/logs/decision.ts'
import type { Bus } from '../../lib/async/bus.ts'

/** `since` and `until` are milliseconds since the Unix epoch. */
export interface DecisionQuery extends Omit<DecisionFilter, 'since' | 'until'> {
  limit?: number
  before?: number
  after?: number
  since?: number
  until?: number
}

/** The length of a page whose query does not say. */
export const defaultLimit = 100

export interface DecisionPage {
  /** Newest first. */
  decisions: Decision[]
  /** The `before` that continues the list; null: there is no more. */
  next: number | null
}

/** Where the dispatcher puts them. */
export interface DecisionRecorder {
  /** Never waits. @param decision belongs to the recorder from here on */
  record(decision: Decision): void
}

export interface DecisionLog {
  /**
   * A text is searched for in a bounded part of the log, so that a page may have fewer decisions than the limit, or none, and still have
   * a next page.
   * @throws Hal0Error `daemon.busy` when many ask at once
   */
  list(query: DecisionQuery): Promise<DecisionPage>
  /** Every decision, once its request has ended and the decision is written or the disk has refused it. */
  readonly added: Bus<Decision>
}
