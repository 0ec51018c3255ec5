/** Wire types of the settings: what hal0.toml says, what holds where it says nothing, and where the hub's token comes from. */
import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import { configKeys } from './config.ts'
import { nullable } from './nullable.ts'

const exact = { additionalProperties: false } as const
const { top, slots, engines, hub, update, decisions } = configKeys

/** `none`: there is no token. The token itself is never shown. */
export const TokenSource = Type.Enum(['none', 'credential', 'file', 'environment', 'hub tools'], {
  description: "Where the hub's token comes from; the token itself is never shown.",
})
export type TokenSource = Static<typeof TokenSource>

/** What no header can carry is no token. */
export const HubToken = Type.String({
  pattern: '^[\\x21-\\x7e]{1,4096}$',
  description: 'Stored in hf-token beside hal0.toml; never shown.',
  writeOnly: true,
})

/** Answer of the settings routes. */
export const Settings = Type.Object(
  {
    file: Type.String({ description: 'Path of hal0.toml.' }),
    values: Type.Object(
      {
        ...top,
        slots: Type.Object(slots, exact),
        engines: Type.Object({ 'llama.cpp': nullable(engines['llama.cpp']) }, exact),
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
export type Settings = Static<typeof Settings>

const changed = <S extends TSchema>(schema: S) => Type.Optional(nullable(schema))
type Changes<P extends TProperties> = { [K in keyof P]: ReturnType<typeof changed<P[K]>> }

/** Each key with another value, or null, which removes it from hal0.toml. */
const changes = <const P extends TProperties>(keys: P): Changes<P> =>
  Object.fromEntries(Object.entries(keys).map(([key, schema]) => [key, changed(schema)])) as Changes<P>

const tableChanges = <const P extends TProperties>(keys: P) => Type.Optional(Type.Object(changes(keys), exact))

/** Body of `PATCH /api/settings`. */
export const SettingsPatch = Type.Object(
  {
    ...changes(top),
    slots: tableChanges(slots),
    engines: tableChanges(engines),
    hub: tableChanges({ ...hub, token: HubToken }),
    update: tableChanges(update),
    decisions: tableChanges(decisions),
  },
  exact,
)
export type SettingsPatch = Static<typeof SettingsPatch>

/** A key with the names of its table and itself, e.g. ['slots', 'ports'] or ['engines', 'llama.cpp']. */
export type SettingPath = readonly [string] | readonly [string, string]

/** Every key of hal0.toml, in the order in which it is shown. */
export const settingPaths: readonly SettingPath[] = Object.entries(configKeys).flatMap(([table, keys]) =>
  Object.keys(keys).map((key): SettingPath => (table === 'top' ? [key] : [table, key])),
)

/** e.g. slots.ports */
export const settingKey = (path: SettingPath): string => path.join('.')

/** Schema of a key's value. */
export const settingSchema = ([first, second]: SettingPath): TSchema => {
  const tables: Record<string, Record<string, TSchema>> = configKeys
  const schema = second === undefined ? tables.top?.[first] : tables[first]?.[second]
  if (schema === undefined) throw new TypeError(`${first} ${second} is not a key of hal0.toml`)
  return schema
}
