/** `/api/health` and `/api/status`. */
import type { Status } from '../../contract/system.ts'
import { mount, reply } from '../routing/operation.ts'
import type { Routes } from '../routing/routes.ts'

export const mountDaemon = (routes: Routes, status: () => Status): void => {
  mount(routes, 'health', () => reply(200, { status: 'ok' }))
  mount(routes, 'status', () => reply(200, status()))
}
