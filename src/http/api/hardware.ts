/** `/api/hardware`: see the operation table. */
import type { Hardware } from '../../contract/hardware.ts'
import { mount, reply } from '../routing/operation.ts'
import type { Routes } from '../routing/routes.ts'

/** @param read looks at the machine at each call */
export const mountHardware = (routes: Routes, read: () => Promise<Hardware>): void => {
  mount(routes, 'showHardware', async () => reply(200, await read()))
}
