/** Makes systemd know the API's unit, start it at boot, and run this version. The slots' units are never touched. */

import { realpath, stat } from 'node:fs/promises'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf } from '../../system/files/storage-error.ts'
import { readStat, startedAt } from '../../system/proc/stat.ts'
import { apiUnit } from '../../system/systemd/hosting.ts'
import { refusalOf, type Systemctl } from '../../system/systemd/unit/systemctl.ts'
import type { Layout } from '../layout.ts'
import { readServiceState, type ServiceState } from '../service/service-state.ts'
import { unitFiles } from '../service/unit-files.ts'
import type { Step } from '../step.ts'
import { currentProgram } from './program.ts'

/** Runs a systemctl verb that must succeed. @throws Hal0Error `supervisor.failed` */
const must = async (systemctl: Systemctl, verb: string, ...units: string[]): Promise<void> => {
  const answer = await systemctl.run([verb, ...units])
  if (answer.code !== 0) throw refusalOf(units.join(' ') || 'systemd', verb, answer)
}

/** Whether the process runs an executable other than the installed one. */
const runsOther = async (pid: number, program: string): Promise<boolean> => {
  try {
    // If the file was replaced, this path ends in " (deleted)" and is not found.
    return (await realpath(`/proc/${pid}/exe`)) !== (await realpath(program))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true
    throw error
  }
}

/** Whether the process was started before the unit's file was last changed. */
const isOlderThan = async (pid: number, unit: string): Promise<boolean> => {
  const process = readStat(pid)
  return process === null || (await stat(unit)).mtimeMs > startedAt(process.startTime)
}

/**
 * What systemd has to be asked for.
 * @param reload whether a unit file is about to be written
 * @param stale whether the service runs an older executable or unit
 */
export const serviceChanges = (
  { active, enabled, needsReload }: ServiceState,
  reload: boolean,
  stale: boolean,
): string[] => [
  ...(reload || needsReload ? ['tell systemd about the units'] : []),
  ...(enabled ? [] : [`start ${apiUnit} at boot`]),
  ...(active ? [] : [`start ${apiUnit}`]),
  ...(active && stale ? [`restart ${apiUnit}; slots keep running`] : []),
]

/** What follows the start of the API. */
export interface AfterStart {
  /** Waits until the API answers. @throws Hal0Error `install.failed` that says why it does not */
  healthy(): Promise<void>
  /** Loads the slots that are meant to run from the start. */
  startSlots(): Promise<void>
}

export const serviceStep = (layout: Layout, systemctl: Systemctl, { healthy, startSlots }: AfterStart): Step => {
  const [unit] = unitFiles(layout)
  /** The port is about to change, which takes a restart. */
  let isMoved = false
  const look = async (): Promise<ServiceState & { stale: boolean }> => {
    const state = await readServiceState(systemctl)
    const { mainPid: pid, active } = state
    if (!active || pid === 0) return { ...state, stale: false }
    try {
      const stale = (await runsOther(pid, currentProgram(layout.paths))) || (await isOlderThan(pid, unit.path))
      return { ...state, stale }
    } catch (error) {
      throw new Hal0Error('install.failed', `Could not see what ${apiUnit} runs. Try again.`, {
        details: { pid },
        cause: error,
      })
    }
  }
  return {
    id: 'service',
    async changes(pending) {
      const renewed = ['unit', 'program', 'current', 'port'].some((id) => pending.has(id))
      isMoved = pending.has('port')
      const state = await look()
      return serviceChanges(state, pending.has('unit') || pending.has('slot-unit'), state.stale || renewed)
    },
    async apply() {
      await must(systemctl, 'daemon-reload')
      const state = await look()
      if (!state.enabled) await must(systemctl, 'enable', apiUnit)
      if (!state.active || state.stale || isMoved) await must(systemctl, 'restart', apiUnit)
      await healthy()
      // A service that is not enabled was just installed (again): the slots came to rest with the old one.
      if (!state.enabled) await startSlots()
    },
  }
}
