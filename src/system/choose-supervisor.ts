/** Which supervisor keeps the backends of this daemon (spec §7). */
import type { ServerSettings } from './config/server-config.ts'
import type { Paths } from './paths.ts'
import { ProcessSupervisor } from './process/process-supervisor.ts'
import type { Supervisor } from './supervisor.ts'
import { findSystemd } from './systemd/find-systemd.ts'
import { isHiddenFromSlots } from './systemd/slot-view.ts'
import { SystemdSupervisor } from './systemd/systemd-supervisor.ts'
import { makeSystemctl } from './systemd/unit/systemctl.ts'

type Choice = Pick<ServerSettings, 'supervisor'>

/** @throws Hal0Error `supervisor.failed` for a systemd that is asked for and not there */
export const chooseSupervisor = ({ supervisor }: Choice, paths: Paths): Supervisor => {
  if (supervisor === 'process') return new ProcessSupervisor({ paths })
  const found = findSystemd(paths, process.env)
  if (found.scope !== null) return new SystemdSupervisor({ paths, systemctl: makeSystemctl(found.scope) })
  if (supervisor === 'systemd') throw found.reason
  return new ProcessSupervisor({ paths })
}

/** Whether slots could not read what lies at a path without symbolic links: the units of a system installation hide much from them. */
export const slotView = ({ supervisor }: Choice, paths: Paths): ((path: string) => boolean) => {
  const isHiding = supervisor !== 'process' && findSystemd(paths, process.env).scope === 'system'
  return (path) => isHiding && isHiddenFromSlots(path, paths.data)
}

/** Whether the next daemon would find its supervisor. @throws Hal0Error `supervisor.failed` for a systemd that is not there */
export const requireSupervisor = ({ supervisor }: Choice, paths: Paths): void => {
  const found = supervisor === 'systemd' ? findSystemd(paths, process.env) : null
  if (found?.scope === null) throw found.reason
}
