/** `/api/models`: see the operation table. */
import type { Slot } from '../contract/slot.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { ModelService } from '../models/registry-port.ts'
import type { SlotService } from '../slots/service.ts'
import { mount, reply } from './operation.ts'
import type { Routes } from './routes.ts'

const isUsing = ({ config, state }: Slot, id: string): boolean =>
  config.model === id || config.mmproj === id || state.model === id || state.pull === id

export const mountModels = (routes: Routes, { models, slots }: { models: ModelService; slots: SlotService }): void => {
  mount(routes, 'listModels', () => reply(200, models.list()))
  mount(routes, 'importModel', async ({ body }) => reply(201, await models.import(body)))
  mount(routes, 'showModel', ({ params: { id } }) => {
    const entry = models.get(id)
    if (entry === null) {
      throw new Hal0Error('model.not_found', `There is no model "${id}". \`hal0 model list\` shows what there is.`, {
        param: 'id',
      })
    }
    return reply(200, entry)
  })
  mount(routes, 'deleteModel', async ({ params: { id } }) => {
    const users = (await slots.list()).filter((slot) => isUsing(slot, id))
    await models.remove(
      id,
      users.map(({ config }) => config.name),
    )
    return reply(204, null)
  })
  mount(routes, 'verifyModel', async ({ params: { id } }) => reply(200, await models.verify(id)))
}
