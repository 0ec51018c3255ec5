/** `/api/slots`: see the operation table, and spec §5 for the event streams. */
import type { Static } from 'typebox'
import type { PullRequest } from '../../contract/models/pull.ts'
import { eventStreams } from '../../contract/operations/event-streams.ts'
import { LogLines } from '../../contract/operations/slot-operations.ts'
import type { SwapRequest } from '../../contract/slot.ts'
import type { Slot } from '../../contract/slot-config.ts'
import type { CaptureList } from '../../observability/capture/capture-store.ts'
import type { TellAsking } from '../../observability/why/explainer.ts'
import type { SlotCommand, SlotService } from '../../slots/service.ts'
import { routeNotFound } from '../answers/errors.ts'
import type { SlotFeed } from '../feeds/slot-feed.ts'
import { followSlotLog } from '../feeds/slot-log.ts'
import type { EventStreams } from '../feeds/sse.ts'
import { checkQuery, mount, reply } from '../routing/operation.ts'
import type { Asker, Routes } from '../routing/routes.ts'

/** Default number of log lines. */
const defaultLines = 200

/** Default number of captured requests. */
const defaultCaptures = 10

const plainCommands = ['load', 'unload', 'restart', 'acknowledge', 'cancel'] as const

const sourceOf = ({ repo, file, revision }: SwapRequest): { source?: PullRequest } => {
  // The schema requires both or none of them.
  if (repo === undefined || file === undefined) return {}
  return { source: { repo, file, ...(revision === undefined ? {} : { revision }) } }
}

interface SlotRouteDeps {
  slots: SlotService
  feed: SlotFeed
  streams: EventStreams
  asked: TellAsking
  captures: CaptureList
}

export const mountSlots = (routes: Routes, { slots, feed, streams, asked, captures }: SlotRouteDeps): void => {
  const command = async (
    name: string,
    what: SlotCommand,
    wait: number | undefined,
    { requestId, caller }: Asker,
  ): Promise<{ status: 200 | 202; body: Slot }> => {
    const model = what.do === 'swap' ? { model: what.model } : {}
    asked({ slot: name, command: what.do, ...model, requestId, caller })
    return { status: wait === undefined ? 202 : 200, body: await slots.command(name, what, wait ?? null) }
  }

  mount(routes, 'listSlots', async () => reply(200, await slots.list()))
  mount(routes, 'createSlot', async ({ body }) => reply(201, await slots.create(body)))
  mount(routes, 'showSlot', async ({ params }) => reply(200, await slots.show(params.name)))
  mount(routes, 'editSlot', async ({ params, body }) => reply(200, await slots.edit(params.name, body)))
  mount(routes, 'deleteSlot', async ({ params }) => {
    await slots.delete(params.name)
    return reply(204, null)
  })
  for (const verb of plainCommands) {
    mount(routes, `${verb}Slot`, ({ params, query }, asker) => command(params.name, { do: verb }, query.wait, asker))
  }
  mount(routes, 'swapSlot', ({ params, query, body }, asker) =>
    command(params.name, { do: 'swap', model: body.model, ...sourceOf(body) }, query.wait, asker),
  )
  mount(routes, 'slotLogs', async ({ params, query }) =>
    reply(200, await slots.logs(params.name, query.lines ?? defaultLines)),
  )
  mount(routes, 'slotCaptures', async ({ params, query }) => {
    await slots.show(params.name)
    return reply(200, await captures.list(params.name, query.limit ?? defaultCaptures))
  })

  routes.on(eventStreams.slotEvents, (request) => {
    const query = new URLSearchParams(request.url.split('?')[1])
    return feed.open(request, query.get('name'))
  })
  routes.on(eventStreams.slotLogEvents, (request, { name }) => {
    if (typeof name !== 'string') throw routeNotFound(request)
    const { lines = 0 } = checkQuery(LogLines, request.url) as Static<typeof LogLines>
    const after = request.headers.get('last-event-id')
    const from = after === null || after === '' ? { lines } : { after }
    return streams.open(request, (stream) => followSlotLog(slots, { name, from }, stream))
  })
}
