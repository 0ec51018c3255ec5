/** The log of requests and its tail, explanations, and metrics. */

import { DecisionFilter } from '../../contract/logs/decision.ts'
import { eventStreams } from '../../contract/operations/event-streams.ts'
import { operations, type Query } from '../../contract/operations/operations.ts'
import type { DecisionLog, DecisionQuery } from '../../dispatch/decisions/decision-log.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { expositionType } from '../../observability/metrics/exposition.ts'
import type { WhyService } from '../../observability/why/explainer.ts'
import { followDecisions } from '../feeds/decision-feed.ts'
import { readerOf } from '../feeds/feed-reader.ts'
import type { EventStreams } from '../feeds/sse.ts'
import { checkQuery, mount, reply } from '../routing/operation.ts'
import type { Routes } from '../routing/routes.ts'

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
    const after = request.headers.get('last-event-id')
    return streams.open(request, (stream) => followDecisions(decisions, readerOf(stream), { filter, after }))
  })
}
