/** The log of requests and its tail, explanations, and metrics. */

import { type Decision, DecisionFilter } from '../../contract/logs/decision.ts'
import { eventStreams } from '../../contract/operations/event-streams.ts'
import { operations, type Query } from '../../contract/operations/operations.ts'
import { isWanted } from '../../dispatch/decisions/decision-filter.ts'
import type { DecisionLog, DecisionQuery } from '../../dispatch/decisions/decision-log.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { expositionType } from '../../observability/metrics/exposition.ts'
import type { WhyService } from '../../observability/why/explainer.ts'
import { type EventStream, type EventStreams, encodeFrame } from '../feeds/sse.ts'
import { checkQuery, mount, reply } from './operation.ts'
import type { Routes } from './routes.ts'

/** Maximum number of decisions sent again to a reader that reconnects. */
const maxReplayed = 1000

const frame = (decision: Decision): Uint8Array =>
  encodeFrame({ event: 'decision', id: decision.id, data: JSON.stringify(decision) })

/** Maximum number of new decisions while a reader gets what it has missed. */
const maxWaiting = 1000

/**
 * Sends what a reconnecting reader has missed, as fast as it reads, and then new decisions.
 * @param filter the decisions that it wants
 * @param last the last id that it has
 * @returns a function that ends it
 */
const resume = (decisions: DecisionLog, stream: EventStream, filter: DecisionQuery, last: number): (() => void) => {
  let newest = last
  let waiting: Decision[] | null = []
  const tell = (decision: Decision): void => {
    if (decision.id <= newest || !isWanted(decision, filter)) return
    newest = decision.id
    stream.send(frame(decision))
  }
  const replay = async (): Promise<void> => {
    const missed = await decisions.list({ ...filter, limit: maxReplayed, after: last })
    for (const decision of missed.decisions.toReversed()) {
      tell(decision)
      await stream.drained()
    }
    for (const decision of waiting ?? []) tell(decision)
    waiting = null
  }
  replay().catch((error: unknown) => {
    // The reader will reconnect.
    log.warn(`the tail of the decisions could not be resumed: ${Hal0Error.from(error).message}`)
    stream.close()
  })
  return decisions.added.subscribe((decision) => {
    if (waiting === null) tell(decision)
    else if (waiting.length < maxWaiting) waiting.push(decision)
    else stream.close()
  })
}

/** A query as the log wants it: with its times as numbers. @throws Hal0Error `request.invalid` for a day that no month has */
const queryOf = ({ since, until, ...rest }: Query<'listDecisions'>): DecisionQuery => {
  const query: DecisionQuery = rest
  for (const [key, text] of Object.entries({ since, until })) {
    if (text === undefined) continue
    const time = Date.parse(text)
    if (Number.isNaN(time)) {
      throw new Hal0Error('request.invalid', `${key} is ${text}, and there is no such time.`, { param: key })
    }
    query[key as 'since' | 'until'] = time
  }
  return query
}

/** The header with the next page of the list. */
const nextLink = (query: Query<'listDecisions'>, next: number | null): Record<string, string> => {
  if (next === null) return {}
  const rest = Object.entries({ ...query, before: next }).map(([key, value]) => [key, String(value)])
  return { link: `<${operations.listDecisions.path}?${new URLSearchParams(rest)}>; rel="next"` }
}

/** `/api/why` and `/metrics`. */
export const mountObservers = (
  routes: Routes,
  { why, metrics }: { why: WhyService; metrics: { text(): string } },
): void => {
  mount(routes, 'why', async ({ query }) => {
    if (query.request !== undefined && query.slot !== undefined) {
      throw new Hal0Error('request.invalid', 'Ask about a request or about a slot, not about both.', { param: 'slot' })
    }
    return reply(200, await why.explain(query))
  })
  routes.on({ method: 'GET', path: '/metrics', scope: 'admin' }, () => {
    const headers = { 'content-type': expositionType, 'cache-control': 'no-store' }
    return new Response(metrics.text(), { headers })
  })
}

export const mountLogs = (
  routes: Routes,
  { decisions, streams }: { decisions: DecisionLog; streams: EventStreams },
): void => {
  mount(routes, 'listDecisions', async ({ query }) => {
    const page = await decisions.list(queryOf(query))
    return { ...reply(200, page.decisions), headers: nextLink(query, page.next) }
  })
  routes.on(eventStreams.decisionEvents, (request) => {
    const filter = queryOf(checkQuery(DecisionFilter, request.url) as DecisionFilter)
    return streams.open(request, (stream) => {
      const last = request.headers.get('last-event-id') ?? ''
      if (/^\d{1,16}$/.test(last)) return resume(decisions, stream, filter, Number(last))
      return decisions.added.subscribe((decision) => {
        if (isWanted(decision, filter)) stream.send(frame(decision))
      })
    })
  })
}
