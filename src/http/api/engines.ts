/** `/api/engines`: see the operation table. */
import type { EngineService } from '../../providers/engines/engine-service.ts'
import { mount, reply } from '../routing/operation.ts'
import type { Routes } from '../routing/routes.ts'

export const mountEngines = (routes: Routes, engines: EngineService): void => {
  mount(routes, 'listEngines', async () => reply(200, await engines.list()))
  mount(routes, 'installEngine', async ({ body }) => reply(201, await engines.install(body)))
  mount(routes, 'useEngine', async ({ body }) => reply(200, await engines.use(body)))
  mount(routes, 'removeEngine', async ({ params: { id } }) => {
    await engines.remove(id)
    return reply(204, null)
  })
}
