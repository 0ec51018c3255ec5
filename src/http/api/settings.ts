/** `/api/settings`: see the operation table. */
import type { SettingsService } from '../../system/config/settings.ts'
import { mount, reply } from '../routing/operation.ts'
import type { Routes } from '../routing/routes.ts'

export const mountSettings = (routes: Routes, settings: SettingsService): void => {
  mount(routes, 'showSettings', async () => reply(200, await settings.show()))
  mount(routes, 'editSettings', async ({ body }) => reply(200, await settings.edit(body)))
}
