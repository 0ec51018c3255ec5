/** The port to whatever runs a model: it builds argv and env, and says how to tell that the backend is ready. Pure except `plan`. */
import type { Capability } from '../contract/endpoints.ts'
import type { ModelEntry } from '../contract/models/model.ts'
import type { ModelCapability } from '../contract/models/openai-model.ts'
import type { SectionValues, SlotConfig } from '../contract/slot-config.ts'
import type { LaunchSpec } from '../system/supervisor.ts'
import type { BackendTraits } from './backend-traits.ts'

/** The backend's answer to a probe or a sentinel. */
export interface ProbeAnswer {
  status: number
  body: string
}

export type ProbeVerdict =
  | { kind: 'ok' }
  /** Still loading: keep probing. */
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

/** How a backend that is already running is watched and stopped. */
export type WatchPlan = Omit<LaunchPlan, 'spec'>

/** What a running backend was started with. */
export interface Recognised {
  model: string | null
  port: number
}

/** Why a backend died. */
export interface Cause {
  /** In plain words; the end of a sentence, without its full stop. */
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

/** What clients may ask of a slot's model, for the list of models. */
export interface Abilities {
  readonly capabilities: readonly ModelCapability[]
  /** Of one request, tokens of prompt and answer together; null: unknown, or it has none. */
  readonly contextLength: number | null
}

export interface Provider {
  /** As in the providers' table. */
  readonly name: string
  /** Names of the model formats that it runs; their table is in `src/models/formats/`. */
  readonly formats: readonly string[]
  /** The modes of its backends: a slot has one of them, from its configuration or from its model. */
  readonly modes: readonly Capability[]
  /** What the relay needs to know about its backends. */
  readonly backend: BackendTraits
  /** Which of its settings make a backend need less memory; completes "Take a smaller model, …". */
  readonly lessMemory: string
  /** The slot's mode; null while its model is unknown, or is for something that this provider does not do. */
  mode(config: WholeConfig, model: ModelEntry | null): Capability | null
  /** What clients may ask of the slot's model; nothing while its mode is unknown. */
  abilities(config: WholeConfig, model: ModelEntry | null): Abilities
  /** Checks a configuration for problems that no schema can express, e.g. refused extra arguments. @throws Hal0Error `request.invalid` */
  check(config: WholeConfig): void
  /** Ids of the models that the configuration names besides `model`. */
  otherModels(config: WholeConfig): string[]
  /**
   * Checks everything that the load needs, including the files, so that a hopeless load is refused before anything is stopped for
   * it.
   * @throws Hal0Error `engine.not_installed`, `request.invalid`, `slot.no_model`, `model.corrupt`, `model.not_found`
   */
  plan(input: LaunchInput): Promise<LaunchPlan>
  /**
   * For a process that is already running. Needs neither its engine nor its files: both may have been removed since it was started.
   * @param model null when it is no longer in the registry
   */
  watchPlan(config: WholeConfig, model: ModelEntry | null): Promise<WatchPlan>
  /** What a backend of this provider was started with, read from its command line; null if that is another's, or does not say. */
  recognise(argv: readonly string[]): Recognised | null
  /**
   * Why a backend died, from its last lines; null when they do not say.
   * @param signal that ended it; null for none
   * @param isLoading it died before it was ready
   */
  causeOf(lastLines: readonly string[], signal: string | null, isLoading: boolean): Cause | null
  /** Tells an out-of-memory failure from the last lines of a dead backend. @param isLoading it died before it was ready */
  ranOutOfMemory(lastLines: readonly string[], isLoading: boolean): boolean
}
