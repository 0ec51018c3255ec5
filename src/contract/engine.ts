/** Wire types of the engines: the programs that run models. */
import { type Static, type TSchema, Type } from 'typebox'
import { nullable } from './schema/nullable.ts'
import { patterned } from './schema/pattern.ts'

export const Engine = Type.Object(
  {
    id: Type.String({ description: 'Provider, source and version, or the path of a program in use by path.' }),
    provider: Type.String(),
    source: Type.Enum(['pypi', 'path', 'config', 'system']),
    version: nullable(Type.String()),
    path: Type.String({ description: 'Absolute path of the program.' }),
    default: Type.Boolean({ description: 'What a slot without an engine setting gets.' }),
    installed_at: nullable(Type.String()),
  },
  { additionalProperties: false },
)
export type Engine = Static<typeof Engine>

/** @param provider schema of its name */
const installOf = <const P extends TSchema>(provider: P) =>
  Type.Object(
    {
      provider,
      source: Type.Enum(['pypi']),
      version: Type.Optional(patterned('^[0-9A-Za-z.+-]{1,64}$', 'must be a version, as 1.2.3')),
    },
    { additionalProperties: false },
  )

const useOf = <const P extends TSchema>(provider: P) =>
  Type.Object({ provider, engine: Type.String({ minLength: 1, maxLength: 4096 }) }, { additionalProperties: false })

const anyProvider = Type.String({ minLength: 1 })

/** For clients, which need not know the providers of the daemon that they talk to. */
export const openEngineSchemas = { EngineInstall: installOf(anyProvider), EngineUse: useOf(anyProvider) }
export type EngineSchemas = typeof openEngineSchemas

/** Body of `POST /api/engines`. */
export type EngineInstall = Static<EngineSchemas['EngineInstall']>
/** Body of `POST /api/engines/use`: an installed engine's id, or the absolute path of a program. */
export type EngineUse = Static<EngineSchemas['EngineUse']>

/** @param providers the names of all providers */
export const engineSchemas = (providers: readonly string[]): EngineSchemas => {
  const provider = Type.Unsafe<string>(Type.Enum([...providers])) as unknown as typeof anyProvider
  return { EngineInstall: installOf(provider), EngineUse: useOf(provider) }
}
