/** Wire types of a slot: its states, its configuration and its durable state record (spec §2, §5). */
import { type Static, Type } from 'typebox'
import { ErrorBody } from './error.ts'
import { HubFile, HubRepo, HubRevision } from './models/hub-source.ts'
import { nullable } from './nullable.ts'

/** Spec §2: at most 32 characters, so that `hal0-slot@<name>.service` needs no escaping. */
export const slotNamePattern = '^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$'
const slotName = new RegExp(slotNamePattern)

/** Whether a slot can have this name; anything else never reaches a path or a unit name. */
export const isSlotName = (name: string): boolean => slotName.test(name)

export const SlotName = Type.String({ pattern: slotNamePattern, description: 'Name of a slot, unique on this host.' })

export const slotStates = [
  'offline',
  'pulling',
  'starting',
  'warming',
  'ready',
  'serving',
  'idle',
  'unloading',
  'error',
] as const

export const SlotState = Type.Enum(slotStates)
export type SlotState = Static<typeof SlotState>

/** Id of a model in the registry; also a file name (`models/<id>.json`), hence the narrow alphabet. */
export const modelIdPattern = '^[a-z0-9](?:[a-z0-9_-]|\\.(?!\\.)){0,126}$'
export const ModelId = Type.String({ pattern: modelIdPattern, description: 'Registry ref of a model.' })

const cacheTypes = ['f32', 'f16', 'bf16', 'q8_0', 'q4_0', 'q4_1', 'iq4_nl', 'q5_0', 'q5_1'] as const
const seconds = (description: string) => Type.Number({ minimum: 0, maximum: 31_536_000, description })

/** The keys of a slot's TOML and of the API's create and patch bodies, each with its default in `slotDefaults`. */
const slotFields = {
  model: nullable(ModelId),
  provider: Type.Enum(['llama.cpp'], { description: 'What runs the model.' }),
  mode: nullable(Type.Enum(['chat', 'embedding', 'rerank'])),
  port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'Port of the backend on 127.0.0.1.' }),
  load: Type.Enum(['manual', 'on-demand'], { description: 'on-demand: a request to an offline slot loads it.' }),
  autostart: Type.Boolean({ description: 'Load after a reboot of the host.' }),
  aliases: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 64, uniqueItems: true }),
  context_size: nullable(Type.Integer({ minimum: 1, maximum: 100_000_000 })),
  gpu_layers: nullable(Type.Integer({ minimum: 0, maximum: 10_000 })),
  parallel: nullable(Type.Integer({ minimum: 1, maximum: 1024 })),
  mmproj: nullable(Type.String({ minLength: 1, maxLength: 4096, description: 'Registry ref or absolute path.' })),
  cache_type_k: nullable(Type.Enum(cacheTypes)),
  cache_type_v: nullable(Type.Enum(cacheTypes)),
  flash_attention: nullable(Type.Enum(['auto', 'on', 'off'])),
  extra_args: Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 256 }),
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
  sentinel: Type.Boolean({ description: 'Prove readiness by one tiny inference.' }),
  restart: Type.Enum(['never', 'on-failure']),
}

/** Values of the keys that a slot's TOML leaves out. `port` is allocated, `mode: null` follows the model. */
export const slotDefaults = {
  model: null,
  provider: 'llama.cpp',
  mode: null,
  load: 'manual',
  autostart: false,
  aliases: [],
  context_size: null,
  gpu_layers: null,
  parallel: null,
  mmproj: null,
  cache_type_k: null,
  cache_type_v: null,
  flash_attention: null,
  extra_args: [],
  engine: null,
  idle_timeout_s: 300,
  unload_after_s: 0,
  max_in_flight: 64,
  queue_length: 64,
  queue_wait_s: 60,
  start_wait_s: 10,
  load_timeout_s: 600,
  request_timeout_s: 600,
  sentinel: true,
  restart: 'never',
} as const satisfies Partial<Record<keyof typeof slotFields, unknown>>

export const SlotConfig = Type.Object({ name: SlotName, ...slotFields }, { additionalProperties: false })
export type SlotConfig = Static<typeof SlotConfig>

/** Body of `POST /api/slots`: everything but the name may be left out. */
export const SlotCreate = Type.Object(
  { name: SlotName, ...Type.Partial(Type.Object(slotFields)).properties },
  { additionalProperties: false },
)
export type SlotCreate = Static<typeof SlotCreate>

/** Body of `PATCH /api/slots/{name}`; null resets a nullable key. The name of a slot never changes. */
export const SlotPatch = Type.Partial(Type.Object(slotFields), { additionalProperties: false })
export type SlotPatch = Static<typeof SlotPatch>

/**
 * What `slots/<name>/state.json` holds, and the data of one `slot` event, byte for byte (spec §5).
 *
 * A transition makes a new record, and one event. `intent` goes along with it wherever one happens at once, and is null again in
 * the record with which the load begins (`starting`, `pulling`). Where a load is accepted or taken back and no transition happens
 * (a slot that is still unloading), the file alone is replaced, under the same `seq` and `since`; the next event tells of it.
 */
export const SlotRecord = Type.Object(
  {
    name: SlotName,
    state: SlotState,
    since: Type.String({ description: 'RFC 3339 with milliseconds: when this state began.' }),
    seq: Type.Integer({ minimum: 0, description: 'Grows by one per transition.' }),
    model: nullable(ModelId),
    provider: Type.String(),
    port: Type.Integer(),
    unit: Type.String({ description: 'hal0-slot@<name>.service' }),
    pid: nullable(Type.Integer()),
    boot_id: nullable(Type.String({ description: 'Kernel boot in which this was written.' })),
    reason: nullable(Type.String({ description: 'Why the state was entered, in words.' })),
    pull: nullable(Type.String({ description: 'Model being pulled while pulling.' })),
    error: nullable(ErrorBody),
    intent: nullable(
      Type.Enum(['load'], { description: 'What was accepted and follows as soon as it can: a load, or nothing.' }),
    ),
  },
  { additionalProperties: false },
)
export type SlotRecord = Static<typeof SlotRecord>

/** Answer of the slot routes: what is asked for, and how it stands. */
export const Slot = Type.Object({ config: SlotConfig, state: SlotRecord }, { additionalProperties: false })
export type Slot = Static<typeof Slot>

/** `repo` and `file` say where the model comes from when it is not here yet. */
export const SwapRequest = Type.Object(
  {
    model: ModelId,
    repo: Type.Optional(HubRepo),
    file: Type.Optional(HubFile),
    revision: Type.Optional(HubRevision),
  },
  {
    additionalProperties: false,
    // Half a source is none.
    dependentRequired: { repo: ['file'], file: ['repo'], revision: ['repo'] },
  },
)
export type SwapRequest = Static<typeof SwapRequest>

/** Figures of a pull (spec §3); null until they are known. */
export const PullFigures = Type.Object({
  bytes_total: nullable(Type.Integer()),
  bytes_received: Type.Integer(),
  throughput_bps: nullable(Type.Number()),
  elapsed_s: Type.Number(),
  eta_s: nullable(Type.Number()),
  file: nullable(Type.String()),
  phase: Type.Enum(['resolving', 'downloading', 'verifying', 'done', 'failed', 'cancelled']),
})

export type PullFigures = Static<typeof PullFigures>

/** Data of a `progress` event: sent between transitions, never written to disk (spec §5). */
export const SlotProgress = Type.Object(
  {
    name: SlotName,
    state: SlotState,
    elapsed_s: Type.Number(),
    expected_s: nullable(Type.Number()),
    pull: nullable(PullFigures),
  },
  { additionalProperties: false },
)
export type SlotProgress = Static<typeof SlotProgress>

/** Data of a `gap` event of a slot's log: some of what was printed is missing here. */
export const LogGap = Type.Object(
  {
    /** How much; null when that is not known. */
    bytes: nullable(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
)
export type LogGap = Static<typeof LogGap>
