/** `/api/health` and `/api/status`. */
import { type Caller, reaches } from '../../contract/caller.ts'
import type { Status } from '../../contract/system.ts'
import { mount, reply } from '../routing/operation.ts'
import type { Routes } from '../routing/routes.ts'

/** What a caller that is bound to slots sees of the status: nothing about the others, and not what is wrong with the daemon. */
const statusFor = (status: Status, caller: Caller): Status =>
  caller.slots === null
    ? status
    : { ...status, problems: [], slots: status.slots.filter(({ name }) => reaches(caller, name)) }

export const mountDaemon = (routes: Routes, status: () => Status): void => {
  mount(routes, 'health', () => reply(200, { status: 'ok' }))
  mount(routes, 'status', (_input, { caller }) => reply(200, statusFor(status(), caller)))
}
