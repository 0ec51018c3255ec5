/** `/api/logs`: the decision log and its tail. */
import type { Decision } from '../contract/system.ts'
import type { DecisionLog } from '../dispatch/dispatch-port.ts'
import { mount, reply } from './operation.ts'
import type { Routes } from './routes.ts'
import { type EventStreams, encodeFrame } from './sse.ts'

/** Decisions sent again to a reader that comes back. */
const maxReplayed = 1000

const frame = (decision: Decision): Uint8Array =>
  encodeFrame({ event: 'decision', id: decision.id, data: JSON.stringify(decision) })

export const mountLogs = (
  routes: Routes,
  { decisions, streams }: { decisions: DecisionLog; streams: EventStreams },
): void => {
  mount(routes, 'listDecisions', ({ query }) => reply(200, decisions.list(query)))
  routes.on('GET', '/api/logs/decisions/events', (request) =>
    streams.open(request, (stream) => {
      const last = request.headers.get('last-event-id') ?? ''
      if (/^\d{1,15}$/.test(last)) {
        const missed = decisions.list({ limit: maxReplayed }).filter(({ id }) => id > Number(last))
        for (const decision of missed.reverse()) stream.send(frame(decision))
      }
      return decisions.added.subscribe((decision) => stream.send(frame(decision)))
    }),
  )
}
