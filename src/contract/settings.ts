/** Wire types of the settings: the values in hal0.toml, the defaults, and where the hub's token comes from. */
import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import { configKeys, EngineChoice } from './config.ts'
import { nullable } from './schema/nullable.ts'
import { patterned } from './schema/pattern.ts'

const exact = { additionalProperties: false } as const
const { top, slots, hub, update, decisions } = configKeys

/** `none`: there is no token. The token itself is never shown. */
export const TokenSource = Type.Enum(['none', 'credential', 'file', 'environment', 'hub tools'], {
  description: "Where the hub's token comes from; the token itself is never shown.",
})
export type TokenSource = Static<typeof TokenSource>

/** A token has to fit into a header. */
export const HubToken = patterned('^[\\x21-\\x7e]{1,4096}$', 'must be a token: ASCII characters without blanks', {
  description: 'Stored in hf-token beside hal0.toml; never shown.',
  writeOnly: true,
})

/** @param engines schema of `[engines]`: each provider, and null where nothing is chosen */
const settingsOf = <const E extends TSchema>(engines: E) =>
  Type.Object(
    {
      file: Type.String({ description: 'Path of hal0.toml.' }),
      values: Type.Object(
        {
          ...top,
          slots: Type.Object(slots, exact),
          engines,
          hub: Type.Object({ ...hub, token: TokenSource }, exact),
          update: Type.Object({ url: nullable(update.url) }, exact),
          decisions: Type.Object(decisions, exact),
        },
        { ...exact, description: 'Every key with its value, or its default.' },
      ),
      set: Type.Array(Type.String(), { description: 'Keys that hal0.toml sets, e.g. slots.ports.' }),
      overridden: Type.Array(Type.String(), {
        description: 'Keys whose value is not from hal0.toml: the command line or the environment of the daemon wins.',
      }),
      restart_needed: Type.Boolean({
        description: 'hal0.toml has a change that takes effect when the daemon is restarted.',
      }),
      problems: Type.Array(Type.String(), { description: 'Why a setting has no effect, in sentences.' }),
    },
    exact,
  )

const changed = <S extends TSchema>(schema: S) => Type.Optional(nullable(schema))
type Changes<P extends TProperties> = { [K in keyof P]: ReturnType<typeof changed<P[K]>> }

/** Each key with a new value, or with null, which removes it from hal0.toml. */
const changes = <const P extends TProperties>(keys: P): Changes<P> =>
  Object.fromEntries(Object.entries(keys).map(([key, schema]) => [key, changed(schema)])) as Changes<P>

const tableChanges = <const P extends TProperties>(keys: P) => Type.Optional(Type.Object(changes(keys), exact))

const patchOf = <const E extends TSchema>(engines: E) =>
  Type.Object(
    {
      ...changes(top),
      slots: tableChanges(slots),
      engines: Type.Optional(engines),
      hub: tableChanges({ ...hub, token: HubToken }),
      update: tableChanges(update),
      decisions: tableChanges(decisions),
    },
    exact,
  )

const anyEngines = Type.Record(Type.String(), nullable(EngineChoice))

/** For clients, which need not know the providers of the daemon that they talk to. */
export const openSettingsSchemas = { Settings: settingsOf(anyEngines), SettingsPatch: patchOf(anyEngines) }
export type SettingsSchemas = typeof openSettingsSchemas

/** Answer of the settings routes. */
export type Settings = Static<SettingsSchemas['Settings']>
/** Body of `PATCH /api/settings`. */
export type SettingsPatch = Static<SettingsSchemas['SettingsPatch']>

/** @param providers the names of all providers */
export const settingsSchemas = (providers: readonly string[]): SettingsSchemas => {
  const each = Object.fromEntries(providers.map((name) => [name, nullable(EngineChoice)]))
  const known = (fields: TProperties) => Type.Object(fields, exact) as unknown as typeof anyEngines
  return {
    Settings: settingsOf(known(each)),
    SettingsPatch: patchOf(known(Type.Partial(Type.Object(each)).properties)),
  }
}

/** A key with the names of its table and itself, e.g. ['slots', 'ports']. */
export type SettingPath = readonly [string] | readonly [string, string]

/**
 * Every key of hal0.toml, in the order in which it is shown.
 * @param providers the names of all providers, which are the keys of `[engines]`
 */
export const settingPaths = (providers: readonly string[]): SettingPath[] =>
  Object.entries(configKeys).flatMap(([table, keys]) => {
    const paths = Object.keys(keys).map((key): SettingPath => (table === 'top' ? [key] : [table, key]))
    // After the ports, as in the answer of the settings routes.
    return table === 'slots' ? [...paths, ...providers.map((name): SettingPath => ['engines', name])] : paths
  })

/** e.g. slots.ports */
export const settingKey = (path: SettingPath): string => path.join('.')

/** Schema of a key's value. */
export const settingSchema = ([first, second]: SettingPath): TSchema => {
  if (first === 'engines') return EngineChoice
  const tables: Record<string, Record<string, TSchema>> = configKeys
  const schema = second === undefined ? tables.top?.[first] : tables[first]?.[second]
  if (schema === undefined) throw new TypeError(`${first} ${second} is not a key of hal0.toml`)
  return schema
}
