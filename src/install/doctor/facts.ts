/** What doctor knows about an installation before it judges. */
import type { ServiceState } from '../service/service-state.ts'

export interface Facts {
  /** Whose installation; for the sentences. */
  scope: 'system' | 'user'
  /** What people type before a verb. */
  setupCommand: string
  doctorCommand: string
  /** What setup would change, by step. */
  drift: { step: string; changes: string[] }[]
  service: ServiceState & { lastLines: string[] }
  /** Ports of hal0 that another program listens on. */
  takenPorts: TakenPort[]
  /** What in the configuration cannot be read, as sentences. */
  configProblems: string[]
  /** Programs that could run models. */
  engines: string[]
  gpu: GpuFacts
  disk: { path: string; freeBytes: number; totalBytes: number }
  /** null: not a question here. */
  lingering: { user: string; on: boolean } | null
  /** synchronised: null when this machine does not say. */
  clock: { now: Date; synchronised: boolean | null }
  /** null: not a question here. */
  polkit: boolean | null
  /** Models that are links, and engines, which the slots' user cannot read. */
  unreadable: Unreadable[]
  /** Files of slots that were damaged and moved aside. */
  damaged: string[]
}

export interface TakenPort {
  port: number
  /** e.g. "the API", "slot main" */
  wanted: string
  /** Who listens; null when it is not told. */
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
  /** Whom the backends run as. */
  user: string
  uid: number
  groups: number[]
}

export interface Unreadable {
  path: string
  target: string
  why: 'missing' | 'hidden' | 'forbidden'
}
