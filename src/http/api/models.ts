/** `/api/models`: see the operation table. */
import type { Model, ModelEntry, VerificationProgress } from '../../contract/models/model.ts'
import { eventStreams } from '../../contract/operations/event-streams.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { type FindRoom, fitOfModel } from '../../models/fit/model-fits.ts'
import type { Room } from '../../models/fit/room.ts'
import type { ModelService } from '../../models/registry/registry-port.ts'
import type { SlotService } from '../../slots/service.ts'
import { type EventStreams, encodeFrame } from '../feeds/sse.ts'
import { mount, reply } from '../routing/operation.ts'
import type { Routes } from '../routing/routes.ts'

const frame = (progress: VerificationProgress): Uint8Array =>
  encodeFrame({ event: 'verify', data: JSON.stringify(progress) })

interface ModelsDeps {
  models: ModelService
  room: FindRoom
  slots: SlotService
  streams: EventStreams
}

export const mountModels = (routes: Routes, { models, room, slots, streams }: ModelsDeps): void => {
  const known = (id: string): ModelEntry => {
    const entry = models.get(id)
    if (entry !== null) return entry
    throw new Hal0Error('model.not_found', `There is no model "${id}". \`hal0 model list\` shows what there is.`, {
      param: 'id',
    })
  }

  const shown = (entry: ModelEntry, now: Room | null): Model => {
    // What the file says about memory is in the fit.
    const { memory: _, ...rest } = entry
    return { ...rest, fit: fitOfModel(entry, (id) => models.get(id), now) }
  }

  mount(routes, 'listModels', async () => {
    const now = await room()
    return reply(
      200,
      models.list().map((entry) => shown(entry, now)),
    )
  })
  mount(routes, 'importModel', async ({ body }) => reply(201, shown(await models.import(body), await room())))
  mount(routes, 'showModel', async ({ params: { id } }) => reply(200, shown(known(id), await room())))
  mount(routes, 'deleteModel', async ({ params: { id } }) => {
    await models.remove(id, await slots.usersOf(id))
    return reply(204, null)
  })
  mount(routes, 'verifyModel', async ({ params: { id } }, client) => reply(200, await models.verify(id, client.signal)))
  routes.on(eventStreams.verifyEvents, (request, params) => {
    const { id } = known(params.id ?? '')
    return streams.open(request, (stream) => {
      const now = models.verifying(id)
      if (now !== null) stream.send(frame(now))
      return models.verifications.subscribe((news) => {
        if (news.id !== id) return
        if (news.progress === null) stream.finish()
        else stream.send(frame(news.progress))
      })
    })
  })
}
