/** `/api/models/{id}/pull`, `/api/pulls` and `/api/hub`: see the operation table. */
import type { Pull } from '../contract/pull.ts'
import type { PullService } from '../models/pull-port.ts'
import { mount, reply } from './operation.ts'
import type { Routes } from './routes.ts'
import { type EventStreams, encodeFrame } from './sse.ts'

const hits = 20

const frame = (pull: Pull): Uint8Array => encodeFrame({ event: 'pull', data: JSON.stringify(pull) })

export const mountPulls = (routes: Routes, { pulls, streams }: { pulls: PullService; streams: EventStreams }): void => {
  mount(routes, 'pullModel', async ({ params: { id }, body }) => reply(202, await pulls.start(id, body)))
  mount(routes, 'showPull', ({ params: { id } }) => reply(200, pulls.get(id)))
  mount(routes, 'cancelPull', async ({ params: { id }, query: { discard } }) =>
    reply(200, await pulls.cancel(id, discard === true)),
  )
  mount(routes, 'listPulls', () => reply(200, pulls.list()))
  mount(routes, 'listPullLeftovers', async () => reply(200, await pulls.leftovers()))
  mount(routes, 'clearPullLeftovers', async () => reply(200, await pulls.clearLeftovers()))
  mount(routes, 'searchHub', async ({ query: { q, limit } }) => reply(200, await pulls.search(q ?? '', limit ?? hits)))
  mount(routes, 'listOutdated', async () => reply(200, await pulls.outdated()))
  mount(routes, 'showHubRepository', async ({ params: { owner, repo }, query: { revision } }) =>
    reply(200, await pulls.repository(`${owner}/${repo}`, revision ?? null)),
  )
  routes.on('GET', '/api/models/{id}/pull/events', (request, params) => {
    const id = params.id ?? ''
    const now = pulls.get(id)
    return streams.open(request, (stream) => {
      stream.send(frame(now))
      return pulls.changed.subscribe((pull) => {
        if (pull.id === id) stream.send(frame(pull))
      })
    })
  })
}
