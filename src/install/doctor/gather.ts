/** Gathers the facts that doctor diagnoses. Changes nothing. */
import { existsSync } from 'node:fs'
import { readServerSettings } from '../../system/config/server-config.ts'
import { diskSpace } from '../../system/hardware/disk-space.ts'
import { machineFindings } from '../../system/hardware/findings.ts'
import { readMachine } from '../../system/hardware/read-machine.ts'
import { commandsHere } from '../../system/systemd/hosting.ts'
import { slotUser } from '../../system/systemd/unit/slot-user.ts'
import { findUser, groupsOf } from '../accounts.ts'
import type { Programs } from '../programs.ts'
import { serviceTail } from '../service/journal-tail.ts'
import { readServiceState } from '../service/service-state.ts'
import { hasPolkit, type SetupTools, setupPlan } from '../setup-plan.ts'
import { findPending } from '../step.ts'
import type { Facts, GpuFacts, SlotFileFact } from './facts.ts'
import { findDamaged } from './find/damaged.ts'
import { findDevices } from './find/devices.ts'
import { findHubProblem } from './find/hub.ts'
import { countModels } from './find/models.ts'
import { findPorts } from './find/ports.ts'
import { findTokenProblems } from './find/token.ts'
import { findUnreadable } from './find/unreadable.ts'
import type { Subject } from './subject.ts'

/** @returns null if no time service can say */
const isSynchronised = async (programs: Programs): Promise<boolean | null> => {
  const answer = await programs.ask('timedatectl', ['show', '--property=NTPSynchronized', '--value'])
  const text = answer?.code === 0 ? answer.stdout.trim() : ''
  return text === '' ? null : text === 'yes'
}

const gpuFacts = async ({ installation, programs }: Subject): Promise<GpuFacts> => {
  const devices = await findDevices()
  if (installation?.layout.scope !== 'system') {
    const uid = process.getuid?.() ?? 0
    const user = (await programs.ask('id', ['-un']))?.stdout.trim() || String(uid)
    return { devices, user, uid, groups: process.getgroups?.() ?? [] }
  }
  const account = await findUser(programs, slotUser)
  // A missing user is a finding of its own, and has no rights to check.
  if (account === null) return { devices: [], user: slotUser, uid: -1, groups: [] }
  return { devices, user: slotUser, uid: account.uid, groups: await groupsOf(programs, slotUser) }
}

type OfInstallation = Pick<Facts, 'drift' | 'service' | 'lingering' | 'polkit'>

const installationFacts = async (subject: Subject, tools: SetupTools | null): Promise<OfInstallation> => {
  const { presence, installation, programs } = subject
  const hasSystemd = presence === 'whole' || presence === 'from-outside'
  if (installation === null || !hasSystemd) return { drift: [], service: null, lingering: null, polkit: null }
  const { layout, systemctl } = installation
  const pending = presence === 'whole' && tools !== null ? await findPending(setupPlan(layout, tools)) : []
  const state = await readServiceState(systemctl)
  return {
    drift: pending.map(({ step: { id: step }, changes }) => ({ step, changes })),
    service: { ...state, lastLines: state.active ? [] : await serviceTail(layout, programs) },
    lingering: layout.scope === 'user' ? { user: layout.user, on: existsSync(layout.lingerMark) } : null,
    polkit: layout.scope === 'system' ? hasPolkit(layout) : null,
  }
}

type OfFiles = Pick<Facts, 'takenPorts' | 'configProblems' | 'unreadable' | 'damaged'> & {
  mirrors: string[]
  models: number
}

/** What only the owner of the folders can read; of an installation seen from outside, nothing. */
const fileFacts = async (subject: Subject, engines: readonly string[] | null): Promise<OfFiles> => {
  const { presence, paths, installation, programs } = subject
  if (presence === 'from-outside') {
    return { takenPorts: [], configProblems: [], unreadable: [], damaged: [], mirrors: [], models: 1 }
  }
  const { taken, problems } = await findPorts(paths)
  // What is wrong with the file is among the problems.
  const settings = await readServerSettings(paths, {}).catch(() => null)
  return {
    takenPorts: taken,
    configProblems: [...problems, ...(await findTokenProblems(paths))],
    unreadable: installation === null ? [] : await findUnreadable(installation.layout, programs, engines ?? []),
    damaged: await findDamaged(paths),
    mirrors: settings?.mirrors ?? [],
    models: await countModels(paths),
  }
}

/** What the parts that this one does not know have found. */
interface Known {
  /** Paths of installed engines; null: not for this user's eyes. */
  engines: readonly string[] | null
  /** The command that installs one. */
  installCommand: string
  slotFiles: readonly SlotFileFact[]
}

/**
 * @param tools to see what setup would change; null: nothing is installed
 * @throws Hal0Error
 */
export const gatherFacts = async (
  subject: Subject,
  tools: SetupTools | null,
  { engines, installCommand, slotFiles }: Known,
): Promise<Facts> => {
  const { presence, managerProblem, paths, installation, programs } = subject
  const { mirrors, models, ...ofFiles } = await fileFacts(subject, engines)
  const { total, free } = await diskSpace(paths.data)
  const endpoint = process.env.HF_ENDPOINT?.trim() ?? ''
  return {
    presence,
    managerProblem,
    scope: installation?.layout.scope ?? 'user',
    isRoot: process.getuid?.() === 0,
    commands: commandsHere(),
    ...(await installationFacts(subject, tools)),
    ...ofFiles,
    engines: engines === null ? null : [...engines],
    installCommand,
    slotFiles: [...slotFiles],
    hub: { problem: await findHubProblem(endpoint === '' ? mirrors : [endpoint]), models },
    gpu: await gpuFacts(subject),
    disk: { path: paths.data, freeBytes: free, totalBytes: total },
    machine: machineFindings(await readMachine(paths.data)),
    clock: { now: new Date(), synchronised: await isSynchronised(programs) },
  }
}
