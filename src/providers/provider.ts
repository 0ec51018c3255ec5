/** The port to what runs a model: it builds argv and env, and says how to tell that the backend is ready. Pure but for `plan`. */
import type { Capability } from '../contract/endpoints.ts'
import type { ModelEntry } from '../contract/models/model.ts'
import type { SectionValues, SlotConfig } from '../contract/slot-config.ts'
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

/** A slot's configuration as hal0 works with it: the common part, and the section of its provider with its defaults filled in. */
export interface WholeConfig extends SlotConfig {
  section: SectionValues
}

/** A model of the registry with its files. */
export interface ModelHere {
  entry: ModelEntry
  /** Absolute paths of its files, first shard first. */
  files: string[]
}

export interface LaunchInput {
  config: WholeConfig
  /** The slot's model. */
  model: ModelHere
  /** Another model of the registry, for providers whose slots name more than one. @throws Hal0Error `model.not_found` */
  lookUp(id: string): ModelHere
}

export interface Provider {
  /** As in the providers' table. */
  readonly name: string
  /** Formats of the models that it runs, by their names: the table is `src/models/formats/`. */
  readonly formats: readonly string[]
  /** What its backends can be: a slot is one of these, by its configuration or by its model. */
  readonly modes: readonly Capability[]
  /** What its backends are like to whoever relays to them. */
  readonly backend: BackendTraits
  /** What the slot is to be; null while its model is not known, or is for nothing that this provider does. */
  mode(config: WholeConfig, model: ModelEntry | null): Capability | null
  /** Problems of a configuration that no schema can see, e.g. refused extra arguments. @throws Hal0Error `request.invalid` */
  check(config: WholeConfig): void
  /** Ids of the models that the configuration names besides `model`. */
  otherModels(config: WholeConfig): string[]
  /**
   * Looks at everything that the load needs, the files included, so that what cannot succeed is known before anything is stopped
   * for it.
   * @throws Hal0Error `engine.not_installed`, `request.invalid`, `slot.no_model`, `model.corrupt`, `model.not_found`
   */
  plan(input: LaunchInput): Promise<LaunchPlan>
  /**
   * For a process that runs already. Needs neither its engine nor its files: both may have gone since it was started.
   * @param model null when it is not in the registry any more
   */
  watchPlan(config: WholeConfig, model: ModelEntry | null): Promise<WatchPlan>
  /** What a backend of this provider was started with, by its command line; null when it is none, or does not tell. */
  recognise(argv: readonly string[]): Recognised | null
  /**
   * What the last lines of a dead backend say about why it died; null when they do not.
   * @param signal that ended it; null for none
   * @param isLoading it died before it was ready
   */
  causeOf(lastLines: readonly string[], signal: string | null, isLoading: boolean): Cause | null
  /** Tells an out-of-memory failure from the last lines of a dead backend. @param isLoading it died before it was ready */
  ranOutOfMemory(lastLines: readonly string[], isLoading: boolean): boolean
}
