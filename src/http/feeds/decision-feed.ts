/** The tail of the decision log as events. */
import type { Decision } from '../../contract/logs/decision.ts'
import { isWanted } from '../../dispatch/decisions/decision-filter.ts'
import type { DecisionLog, DecisionQuery } from '../../dispatch/decisions/decision-log.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import type { FeedReader } from './feed-reader.ts'
import type { Frame } from './sse.ts'

/** Maximum number of decisions sent again to a reader that reconnects. */
const maxReplayed = 1000
/** Maximum number of new decisions while a reader gets what it has missed. */
const maxWaiting = 1000

const frameOf = (decision: Decision): Frame => ({
  event: 'decision',
  id: decision.id,
  data: JSON.stringify(decision),
})

/**
 * Sends what a reconnecting reader has missed, as fast as it reads, and then new decisions.
 * @param last the last id that it has
 * @returns a function that ends it
 */
const resume = (decisions: DecisionLog, reader: FeedReader, filter: DecisionQuery, last: number): (() => void) => {
  let newest = last
  let waiting: Decision[] | null = []
  const tell = (decision: Decision): void => {
    if (decision.id <= newest || !isWanted(decision, filter)) return
    newest = decision.id
    reader.send(frameOf(decision))
  }
  const replay = async (): Promise<void> => {
    const missed = await decisions.list({ ...filter, limit: maxReplayed, after: last })
    for (const decision of missed.decisions.toReversed()) {
      tell(decision)
      await reader.drained()
    }
    for (const decision of waiting ?? []) tell(decision)
    waiting = null
  }
  replay().catch((error: unknown) => {
    // The reader will reconnect.
    log.warn(`the tail of the decisions could not be resumed: ${Hal0Error.from(error).message}`)
    reader.close()
  })
  return decisions.added.subscribe((decision) => {
    if (waiting === null) tell(decision)
    else if (waiting.length < maxWaiting) waiting.push(decision)
    else reader.close()
  })
}

/**
 * @param filter the decisions that the reader wants
 * @param after id of the last one that it has; null: none, so that it gets only new ones
 * @returns the function that ends it
 */
export const followDecisions = (
  decisions: DecisionLog,
  reader: FeedReader,
  { filter, after }: { filter: DecisionQuery; after: string | null },
): (() => void) => {
  if (after !== null && /^\d{1,16}$/.test(after)) return resume(decisions, reader, filter, Number(after))
  return decisions.added.subscribe((decision) => {
    if (isWanted(decision, filter)) reader.send(frameOf(decision))
  })
}
