/** `/api/models/{id}/pull`, `/api/pulls` and `/api/hub`: see the operation table. */
import { eventStreams } from '../../contract/operations/event-streams.ts'
import type { PullService } from '../../models/pull/pull-port.ts'
import type { PullFeed } from '../feeds/pull-feed.ts'
import { mount, reply } from '../routing/operation.ts'
import type { Routes } from '../routing/routes.ts'

const hits = 20

export const mountPulls = (routes: Routes, { pulls, feed }: { pulls: PullService; feed: PullFeed }): void => {
  mount(routes, 'pullModel', async ({ params: { id }, body }) => reply(202, await pulls.start(id, body)))
  mount(routes, 'updateModel', async ({ params: { id } }) => reply(202, await pulls.update(id)))
  mount(routes, 'showPull', ({ params: { id } }) => reply(200, pulls.get(id)))
  mount(routes, 'cancelPull', async ({ params: { id }, query: { discard } }) =>
    reply(200, await pulls.cancel(id, discard === true)),
  )
  mount(routes, 'listPulls', () => reply(200, pulls.list()))
  mount(routes, 'listPullLeftovers', async () => reply(200, await pulls.leftovers()))
  mount(routes, 'clearPullLeftovers', async () => reply(200, await pulls.clearLeftovers()))
  mount(routes, 'searchHub', async ({ query: { q, limit } }) => reply(200, await pulls.search(q ?? '', limit ?? hits)))
  mount(routes, 'listOutdated', async () => reply(200, await pulls.outdated()))
  mount(routes, 'showHubRepository', async ({ params: { owner, repo }, query: { revision, file, folder } }) =>
    reply(
      200,
      await pulls.repository(`${owner}/${repo}`, revision ?? null, { file: file ?? null, folder: folder ?? null }),
    ),
  )
  mount(routes, 'readHubReference', ({ query: { text } }) => reply(200, pulls.reference(text ?? '')))
  routes.on(eventStreams.pullEvents, (request, params) => feed.openOne(request, params.id ?? ''))
  routes.on(eventStreams.allPullEvents, (request) => feed.openAll(request))
}
