/** `/api/keys`: see the operation table. */
import { mount, reply } from '../../routing/operation.ts'
import type { Routes } from '../../routing/routes.ts'
import type { KeyService } from './service.ts'

export const mountKeys = (routes: Routes, keys: KeyService): void => {
  mount(routes, 'listKeys', () => reply(200, keys.list()))
  mount(routes, 'createKey', async ({ body }) => reply(201, await keys.create(body)))
  mount(routes, 'revokeKey', async ({ params: { name } }) => {
    await keys.revoke(name)
    return reply(204, null)
  })
}
