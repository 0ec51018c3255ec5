/** Gathers the facts that doctor diagnoses. Changes nothing. */
import { existsSync } from 'node:fs'
import { diskSpace } from '../../system/hardware/disk-space.ts'
import { machineFindings } from '../../system/hardware/findings.ts'
import { readMachine } from '../../system/hardware/read-machine.ts'
import { slotUser } from '../../system/systemd/unit/slot-user.ts'
import { findUser, groupsOf } from '../accounts.ts'
import type { Installation } from '../installation.ts'
import { commandFor, type Layout } from '../layout.ts'
import type { Programs } from '../programs.ts'
import { serviceTail } from '../service/journal-tail.ts'
import { readServiceState } from '../service/service-state.ts'
import { hasPolkit, type SetupTools, setupPlan } from '../setup-plan.ts'
import { findPending } from '../step.ts'
import type { Facts, GpuFacts } from './facts.ts'
import { findDamaged } from './find-damaged.ts'
import { findDevices } from './find-devices.ts'
import { findPorts } from './find-ports.ts'
import { findTokenProblems } from './find-token.ts'
import { findUnreadable } from './find-unreadable.ts'

/** @returns null if no time service can say */
const isSynchronised = async (programs: Programs): Promise<boolean | null> => {
  const answer = await programs.ask('timedatectl', ['show', '--property=NTPSynchronized', '--value'])
  const text = answer?.code === 0 ? answer.stdout.trim() : ''
  return text === '' ? null : text === 'yes'
}

const gpuFacts = async (layout: Layout, programs: Programs): Promise<GpuFacts> => {
  const devices = await findDevices()
  if (layout.scope === 'user') {
    return { devices, user: layout.user, uid: process.getuid?.() ?? 0, groups: process.getgroups?.() ?? [] }
  }
  const account = await findUser(programs, slotUser)
  // A missing user is a finding of its own, and has no rights to check.
  if (account === null) return { devices: [], user: slotUser, uid: -1, groups: [] }
  return { devices, user: slotUser, uid: account.uid, groups: await groupsOf(programs, slotUser) }
}

/**
 * @param engines paths of installed engines
 * @param installCommand that installs one
 * @throws Hal0Error
 */
export const gatherFacts = async (
  { layout, programs, systemctl }: Installation,
  tools: SetupTools,
  engines: readonly string[],
  installCommand: string,
): Promise<Facts> => {
  const pending = await findPending(setupPlan(layout, tools))
  const { taken, problems } = await findPorts(layout.paths)
  const state = await readServiceState(systemctl)
  const { total, free } = await diskSpace(layout.paths.data)
  return {
    scope: layout.scope,
    setupCommand: commandFor(layout, 'setup'),
    doctorCommand: commandFor(layout, 'doctor'),
    drift: pending.map(({ step: { id: step }, changes }) => ({ step, changes })),
    service: { ...state, lastLines: state.active ? [] : await serviceTail(layout, programs) },
    takenPorts: taken,
    configProblems: [...problems, ...(await findTokenProblems(layout))],
    engines: [...engines],
    installCommand,
    machine: machineFindings(await readMachine(layout.paths.data)),
    gpu: await gpuFacts(layout, programs),
    disk: { path: layout.paths.data, freeBytes: free, totalBytes: total },
    lingering: layout.scope === 'user' ? { user: layout.user, on: existsSync(layout.lingerMark) } : null,
    clock: { now: new Date(), synchronised: await isSynchronised(programs) },
    polkit: layout.scope === 'system' ? hasPolkit(layout) : null,
    unreadable: await findUnreadable(layout, programs, engines),
    damaged: await findDamaged(layout.paths),
  }
}
