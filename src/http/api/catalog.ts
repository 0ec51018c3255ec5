/** `/api/catalog`: see the operation table. */
import type { CatalogService } from '../../models/catalog/catalog-port.ts'
import { mount, reply } from '../routing/operation.ts'
import type { Routes } from '../routing/routes.ts'

export const mountCatalog = (routes: Routes, catalog: CatalogService): void => {
  mount(routes, 'listCatalog', async ({ query: { q } }) => reply(200, await catalog.offers(q ?? '')))
}
