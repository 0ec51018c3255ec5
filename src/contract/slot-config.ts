/**
 * A slot's configuration (spec §5, §10): the keys that every slot has, and a section for each provider. The providers define their
 * sections; this file has the form of a section, and makes the schemas of the API from them.
 */
import { type Static, type TProperties, type TSchema, type TUnsafe, Type } from 'typebox'
import { noBodyRules, rulesKeys, rulesPatchKeys, type SlotRules, type SlotRulesPatch } from './rules/slot-rules.ts'
import { nullable } from './schema/nullable.ts'
import { ModelId, SlotName, SlotQueue, SlotRecord } from './slot.ts'

const seconds = (description: string) => Type.Number({ minimum: 0, maximum: 31_536_000, description })
const exact = { additionalProperties: false } as const

const provider = { description: 'What runs the model.' }

/** What a slot can be for. Each provider says which of them its slots can have. */
export const slotModes = ['chat', 'embedding', 'rerank', 'transcription', 'speech'] as const

/** What the slot runs, and when. */
const workload = {
  model: nullable(ModelId),
  provider: Type.String({ minLength: 1, ...provider }),
  mode: nullable(Type.Enum(slotModes, { description: 'What the slot is for; null: what its model is for.' })),
  port: Type.Integer({
    minimum: 1,
    maximum: 65_535,
    description: 'Port of the backend on 127.0.0.1.',
    examples: [8081],
  }),
  load: Type.Enum(['manual', 'on-demand'], { description: 'on-demand: a request to an offline slot loads it.' }),
  autostart: Type.Boolean({ description: 'Load after a reboot of the host.' }),
  aliases: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 64, uniqueItems: true }),
}

/** By which program, and within which bounds. */
const conduct = {
  engine: nullable(
    Type.String({
      minLength: 1,
      maxLength: 4096,
      description: 'Installed engine id, or absolute path of the program.',
    }),
  ),
  idle_timeout_s: seconds('Seconds without traffic until ready becomes idle; 0: never.'),
  unload_after_s: seconds('Seconds idle until the slot unloads; 0: stays idle for ever.'),
  max_in_flight: Type.Integer({ minimum: 1, maximum: 4096, description: 'Requests at the backend at the same time.' }),
  queue_length: Type.Integer({ minimum: 0, maximum: 65_536, description: 'Requests that may wait for a place.' }),
  queue_wait_s: seconds('Longest wait for a place.'),
  start_wait_s: seconds('How long a request waits in starting.'),
  load_timeout_s: Type.Number({ minimum: 0.1, maximum: 31_536_000, description: 'Longest load.' }),
  request_timeout_s: Type.Number({ minimum: 0.1, maximum: 31_536_000, description: 'Deadline of a request.' }),
  stall_timeout_s: seconds(
    'Longest silence of a backend that has requests; after it, one whose health probe stays unanswered for 10 s is ended. 0: never.',
  ),
  loading_hint: Type.Enum(['comment', 'thinking', 'none'], {
    description:
      'What a streaming request sees while its slot loads: the progress as comments, or as reasoning text of chat completions and messages; none: only empty comments, which keep the connection alive.',
  }),
  remote_media: Type.Boolean({
    description:
      'Pass on requests whose pictures, sound or files are http(s) or file addresses, which the backend fetches; false: only data: URLs.',
  }),
  sentinel: Type.Boolean({ description: 'Prove readiness by one tiny inference.' }),
  restart: Type.Enum(['never', 'on-failure']),
  capture: Type.Boolean({
    description:
      'Keep the prompts and answers of the last requests, for an admin to read; turned off, they are deleted.',
  }),
}

/** The keys that every slot has, whatever runs its model. */
export const commonKeys = { ...workload, ...conduct, ...rulesKeys }

/** Those of them with which a backend is started: an edit of the others counts at once. */
const keysOfTheBackend: readonly string[] = [
  'model',
  'provider',
  'mode',
  'port',
  'engine',
  'sentinel',
  'load_timeout_s',
]

/** Whether an edit of a key counts at once; if not, at the next load. Every key of a provider's section is one of its backend. */
export const isAtOnce = (key: string): boolean => Object.hasOwn(commonKeys, key) && !keysOfTheBackend.includes(key)

/**
 * Values of the common keys that a slot's TOML leaves out. `port` is allocated, `mode: null` follows the model, and the provider is
 * the first of the providers' table.
 */
export const commonDefaults = {
  model: null,
  mode: null,
  load: 'manual',
  autostart: false,
  aliases: [],
  engine: null,
  idle_timeout_s: 300,
  unload_after_s: 0,
  max_in_flight: 64,
  queue_length: 64,
  queue_wait_s: 60,
  start_wait_s: 10,
  load_timeout_s: 600,
  request_timeout_s: 600,
  stall_timeout_s: 60,
  loading_hint: 'comment',
  remote_media: false,
  sentinel: true,
  restart: 'never',
  capture: false,
  params: noBodyRules,
  profiles: {},
} as const satisfies Partial<Record<keyof typeof commonKeys, unknown>>

const CommonConfig = Type.Object({ name: SlotName, ...commonKeys })

/** The part of a slot's configuration that does not depend on its provider. */
export type SlotConfig = Static<typeof CommonConfig>

/** Keys of providers' sections, among others or by themselves. */
export type SectionValues = Record<string, unknown>

/** What a provider adds to the configuration of its slots. */
export interface ConfigSection {
  /** Name of the provider. */
  provider: string
  /** Name of the table in a slot's TOML, and of the object in the API's bodies. */
  key: string
  fields: TProperties
  /** A value for each field. */
  defaults: SectionValues
  /**
   * The API has its keys beside the common ones, and older files have them at the top, as before there were sections. No other
   * section may then have a key with the same name.
   */
  isFlat: boolean
}

/** Body of `POST /api/slots`: everything but the name may be left out. */
export type SlotCreate = { name: string } & SlotPatch

/** Body of `PATCH /api/slots/{name}`; null resets a nullable key. The name of a slot never changes. */
export type SlotPatch = Partial<Omit<SlotConfig, 'name' | keyof SlotRules>> & SlotRulesPatch & SectionValues

/** Answer of the slot routes: the configuration, the state, and the requests. */
export interface Slot {
  config: SlotConfig & SectionValues
  state: SlotRecord
  /** Why the slot's file cannot be used, as a sentence; `config` is then what it was before. Only while that is so. */
  problem?: string
  queue: SlotQueue
}

/** The schemas of the API in which a slot's configuration occurs. */
export interface SlotSchemas {
  SlotConfig: TUnsafe<Slot['config']>
  SlotCreate: TUnsafe<SlotCreate>
  SlotPatch: TUnsafe<SlotPatch>
  Slot: TUnsafe<Slot>
}

const problem = Type.Optional(
  Type.String({ description: 'Why the file of the slot cannot be used, in a sentence; missing while it can.' }),
)

const slotOf = (config: TSchema): TUnsafe<Slot> =>
  Type.Unsafe<Slot>(Type.Object({ config, state: SlotRecord, queue: SlotQueue, problem }, exact))

const partial = (fields: TProperties): TProperties => Type.Partial(Type.Object(fields)).properties

/** The keys of a section in the form that a body has. */
const keysIn = ({ key, fields, isFlat }: ConfigSection, wrap: (fields: TProperties) => TProperties): TProperties =>
  isFlat ? wrap(fields) : { [key]: Type.Object(wrap(fields), exact) }

/** A slot of one provider, complete. */
const configOf = (section: ConfigSection): TSchema =>
  Type.Object(
    {
      name: SlotName,
      ...workload,
      provider: Type.Enum([section.provider], provider),
      ...keysIn(section, (fields) => fields),
      ...conduct,
      ...rulesKeys,
    },
    exact,
  )

/** @param sections of the providers' table, the first of which is the default */
export const slotSchemas = (sections: readonly ConfigSection[]): SlotSchemas => {
  const configs = sections.map(configOf)
  const [only] = configs
  const config = configs.length === 1 && only !== undefined ? only : Type.Union(configs)
  const names = sections.map(({ provider }) => provider)
  const patch = {
    ...partial({ ...workload, provider: Type.Enum(names, provider) }),
    ...Object.assign({}, ...sections.map((section) => partial(keysIn(section, partial)))),
    ...partial(conduct),
    ...rulesPatchKeys,
    // A flat section may also be given as a section.
    ...partial(
      Object.fromEntries(
        sections.flatMap(({ key, fields, isFlat }) => (isFlat ? [[key, Type.Object(partial(fields), exact)]] : [])),
      ),
    ),
  }
  return {
    SlotConfig: Type.Unsafe<Slot['config']>(config),
    SlotCreate: Type.Unsafe<SlotCreate>(Type.Object({ name: SlotName, ...patch }, exact)),
    SlotPatch: Type.Unsafe<SlotPatch>(Type.Object(patch, exact)),
    Slot: slotOf(config),
  }
}

/** For clients, which need not know every provider of the daemon that they talk to: other keys are allowed. */
export const openSlotSchemas: SlotSchemas = {
  SlotConfig: Type.Unsafe<Slot['config']>(CommonConfig),
  SlotCreate: Type.Unsafe<SlotCreate>(Type.Object({ name: SlotName, ...partial(commonKeys), ...rulesPatchKeys })),
  SlotPatch: Type.Unsafe<SlotPatch>(Type.Object({ ...partial(commonKeys), ...rulesPatchKeys })),
  Slot: slotOf(CommonConfig),
}
