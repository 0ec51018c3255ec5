/** The facts about an installation that doctor diagnoses. */
import type { MachineFinding } from '../../system/hardware/findings.ts'
import type { ServiceState } from '../service/service-state.ts'

export interface Facts {
  /** The kind of installation, for the messages. */
  scope: 'system' | 'user'
  /** The commands that people type for this installation. */
  setupCommand: string
  doctorCommand: string
  /** What setup would change, by step. */
  drift: { step: string; changes: string[] }[]
  service: ServiceState & { lastLines: string[] }
  /** Ports of hal0 that another program listens on. */
  takenPorts: TakenPort[]
  /** What cannot be read in the configuration, as sentences. */
  configProblems: string[]
  /** Paths of installed engines. */
  engines: string[]
  /** The command that installs one. */
  installCommand: string
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
  /** e.g. "the API", "slot main" */
  wanted: string
  /** Who listens; null when the system does not say. */
  by: { pid: number; command: string | null } | null
  /** Where the port is configured. */
  file: string
}

export interface Device {
  path: string
  mode: number
  uid: number
  gid: number
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
