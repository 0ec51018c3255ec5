/** Wire types of the engines: the programs that run models. */
import { type Static, Type } from 'typebox'
import { nullable } from './nullable.ts'

export const Engine = Type.Object(
  {
    id: Type.String({ description: 'e.g. llama.cpp-pypi-2026.10.11549, or the path of a program in use by path.' }),
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

/** Body of `POST /api/engines`. */
export const EngineInstall = Type.Object(
  {
    provider: Type.Enum(['llama.cpp']),
    source: Type.Enum(['pypi']),
    version: Type.Optional(Type.String({ pattern: '^[0-9A-Za-z.+-]{1,64}$' })),
  },
  { additionalProperties: false },
)
export type EngineInstall = Static<typeof EngineInstall>

/** Body of `POST /api/engines/use`: an installed engine's id, or the absolute path of a program. */
export const EngineUse = Type.Object(
  { provider: Type.Enum(['llama.cpp']), engine: Type.String({ minLength: 1, maxLength: 4096 }) },
  { additionalProperties: false },
)
export type EngineUse = Static<typeof EngineUse>
