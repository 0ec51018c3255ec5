/** The facts about hal0 on this machine that doctor diagnoses. */
import type { MachineFinding } from '../../system/hardware/findings.ts'
import type { PortHolder } from '../../system/process/port-holder.ts'
import type { HostingCommands } from '../../system/systemd/hosting.ts'
import type { ServiceState } from '../service/service-state.ts'

/** What is installed of hal0, for whoever asks. */
export type Presence =
  /** Nothing: a checkout, or a user's own try. */
  | 'none'
  /** An installation that this user may look at as a whole. */
  | 'whole'
  /** An installation of the machine, looked at by a user who is not root. */
  | 'from-outside'
  /** An installation whose systemd does not run. */
  | 'no-manager'

export interface Facts {
  presence: Presence
  scope: 'system' | 'user'
  /** Whoever asks is root. */
  isRoot: boolean
  /** Commands that people type here. */
  commands: HostingCommands
  /** Why systemd cannot be used, as a sentence; '' where it can. */
  managerProblem: string
  /** What setup would change, by step. */
  drift: { step: string; changes: string[] }[]
  /** null: there is no service to look at. */
  service: (ServiceState & { lastLines: string[] }) | null
  /** Ports of hal0 that another program listens on. */
  takenPorts: TakenPort[]
  /** What cannot be read in the configuration, as sentences. */
  configProblems: string[]
  slotFiles: SlotFileFact[]
  /** Paths of installed engines; null: not for this user's eyes. */
  engines: string[] | null
  /** The command that installs one. */
  installCommand: string
  hub: HubFacts
  /** What is wrong with the hardware. */
  machine: readonly MachineFinding[]
  gpu: GpuFacts
  disk: { path: string; freeBytes: number; totalBytes: number }
  /** null: does not apply here. */
  lingering: { user: string; on: boolean } | null
  /** synchronised: null when this machine does not say. */
  clock: { now: Date; synchronised: boolean | null }
  /** Whether polkit is installed; null: does not apply here. */
  polkit: boolean | null
  /** Linked models and engines that the slots' user cannot read. */
  unreadable: Unreadable[]
  /** Damaged files of slots that were moved aside. */
  damaged: string[]
}

export interface TakenPort {
  port: number
  /** Name of the slot that wants it; null: the API. */
  slot: string | null
  holder: PortHolder
  /** A free port to use instead. */
  instead: number
}

/** A slot's file that cannot be used. */
export interface SlotFileFact {
  slot: string
  /** As the daemon says it. */
  problem: string
  /** A key of the file that has a default to go back to; null: that would not mend it. */
  resettable: string | null
}

export interface HubFacts {
  /** The addresses that were tried, and why none answered; null: one did. */
  problem: string | null
  /** How many models are here already. */
  models: number
}

export interface Device {
  path: string
  mode: number
  uid: number
  gid: number
  /** Name of its group; null: it has none. */
  group: string | null
}

export interface GpuFacts {
  devices: Device[]
  /** The user that the backends run as. */
  user: string
  uid: number
  groups: number[]
}

export interface Unreadable {
  path: string
  target: string
  why: 'missing' | 'hidden' | 'forbidden'
}
