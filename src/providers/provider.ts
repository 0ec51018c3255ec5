/** The port to what runs a model: it builds argv and env, and says how to tell that the backend is ready. Pure but for `plan`. */
import type { ModelEntry } from '../contract/models/model.ts'
import type { SlotConfig } from '../contract/slot.ts'
import type { LaunchSpec } from '../system/supervisor.ts'
import type { BackendTraits } from './backend-traits.ts'

/** What a sentinel or a probe got back from the backend. */
export interface ProbeAnswer {
  status: number
  body: string
}

export type ProbeVerdict =
  | { kind: 'ok' }
  /** Still loading: go on. */
  | { kind: 'wait' }
  /** An answer that a healthy backend would not give; a few in a row fail the load. */
  | { kind: 'bad'; why: string }

export interface ProbeRequest {
  method: 'GET' | 'POST'
  path: string
  /** JSON text. */
  body?: string
  judge(answer: ProbeAnswer): ProbeVerdict
}

/** Everything the slot's owner needs to run one load. */
export interface LaunchPlan {
  spec: LaunchSpec
  /** The backend opens its port only once the model is loaded: warming then begins after 1 s alive. */
  opensPortLate: boolean
  /** Cheap, repeated until ok. */
  readiness: ProbeRequest
  /** One tiny inference after `readiness`; several are alternatives for backends that lack an endpoint (404, 501). Empty: none. */
  sentinels: ProbeRequest[]
  /** SIGTERM, then this long, then SIGKILL. */
  stopGraceMs: number
}

/** How a backend that runs already is watched and stopped. */
export type WatchPlan = Omit<LaunchPlan, 'spec'>

/** What a running backend was started with. */
export interface Recognised {
  model: string | null
  port: number
}

/** Why a backend died. */
export interface Cause {
  /** In plain words, as the end of a sentence, without its full stop. */
  why: string
  /** The line that says so, without its time. */
  line: string
}

export interface LaunchInput {
  config: SlotConfig
  model: ModelEntry
  /** Absolute paths of the model's files, first shard first. */
  files: string[]
  /** Absolute path of the projector, when the config names one. */
  mmproj: string | null
}

export interface Provider {
  readonly name: SlotConfig['provider']
  /** What its backends are like to whoever relays to them. */
  readonly backend: BackendTraits
  /** @throws Hal0Error `engine.not_installed`, `request.invalid` */
  plan(input: LaunchInput): Promise<LaunchPlan>
  /**
   * For a process that runs already. Needs neither its engine nor its files: both may have gone since it was started.
   * @param model null when it is not in the registry any more
   */
  watchPlan(config: SlotConfig, model: ModelEntry | null): Promise<WatchPlan>
  /** What a backend of this provider was started with, by its command line; null when it is none, or does not tell. */
  recognise(argv: readonly string[]): Recognised | null
  /** Problems of a configuration that no schema can see, e.g. refused extra arguments. @throws Hal0Error `request.invalid` */
  check(config: SlotConfig): void
  /**
   * What the last lines of a dead backend say about why it died; null when they do not.
   * @param signal that ended it; null for none
   * @param isLoading it died before it was ready
   */
  causeOf(lastLines: readonly string[], signal: string | null, isLoading: boolean): Cause | null
  /** Tells an out-of-memory failure from the last lines of a dead backend. @param isLoading it died before it was ready */
  ranOutOfMemory(lastLines: readonly string[], isLoading: boolean): boolean
}
