/** What an update needs from the machine, so that tests can replace it. */
import type { Paths } from '../system/paths.ts'
import type { Fetch, TimeLimits } from './release/receive.ts'

/** `stopped`: somebody stopped it. `failed`: it ended by itself, and nothing starts it again. */
export type ApiState = 'running' | 'failed' | 'stopped'

/** The API, as the service that an update restarts. Slots are separate services and are not touched. */
export interface ApiService {
  /** @throws Hal0Error `supervisor.failed` */
  state(): Promise<ApiState>
  /** @throws Hal0Error `supervisor.failed` */
  restart(): Promise<void>
  /** The version that answers; null when none does. */
  version(): Promise<string | null>
  /** Its last lines, printed at or after `since` (milliseconds since the Unix epoch); oldest first. */
  lastLines(since: number): Promise<string[]>
}

export interface Host {
  paths: Paths
  /** null: no service runs the API here, so it cannot be restarted. */
  service: ApiService | null
  fetch: Fetch
  /** For manifests and signatures. */
  manifestLimits: TimeLimits
  /** For executables. */
  downloadLimits: TimeLimits
  /** Milliseconds since the Unix epoch. */
  now(): number
  sleep(ms: number): Promise<void>
  /** Tells the user what happens now. */
  say(sentence: string): void
  /** Bytes of the download so far. */
  progress(received: number, total: number): void
}

/** A manifest and its signature are a few kilobytes. */
export const manifestLimits: TimeLimits = { silentMs: 15_000, totalMs: 30_000 }
/** 110 MB at 60 kB/s. */
export const downloadLimits: TimeLimits = { silentMs: 30_000, totalMs: 30 * 60_000 }
