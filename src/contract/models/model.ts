/** Wire types of the model registry (spec §3, §5). */
import { type Static, Type } from 'typebox'
import { nullable } from '../schema/nullable.ts'
import { Sha256 } from '../schema/pattern.ts'
import { ModelId } from '../slot.ts'
import { ShownFit } from './fit.ts'
import { ModelPackage } from './package-source.ts'

export const modelKinds = ['chat', 'embedding', 'rerank', 'mmproj'] as const

export const ModelFile = Type.Object(
  {
    path: Type.String({
      description:
        'Relative to the models folder: <safe-ref>/<file>, or <safe-ref>/<start of the commit>/<file> where that name is taken by other bytes.',
    }),
    size: Type.Integer({ minimum: 0 }),
    sha256: Sha256,
  },
  { additionalProperties: false },
)
export type ModelFile = Static<typeof ModelFile>

/** Where a model came from. An older hal0 ignores the keys that it does not know. */
export const ModelSource = Type.Object({
  repo: Type.String({ description: 'owner/name, as the hub wrote it then; `pypi:NAME` for a package.' }),
  revision: Type.String({ description: 'Commit, or the version of the package.' }),
  files: Type.Array(Type.String(), {
    description: 'In the repository, or in the archive, in the order of the files here.',
  }),
  package: Type.Optional(ModelPackage),
  ref: Type.Optional(Type.String({ description: 'Branch, tag or commit that was asked for; absent: main.' })),
  mmproj: Type.Optional(
    Type.Object(
      { id: ModelId, file: Type.String(), sha256: Type.String() },
      { description: 'The vision projector that was brought along, and the entry that it has.' },
    ),
  ),
})
export type ModelSource = Static<typeof ModelSource>

const count = (description: string) => Type.Integer({ minimum: 0, description })

/** What a model takes memory for, from the headers of its files. */
export const ModelMemory = Type.Object({
  weights: count('Bytes of the tensors.'),
  layers: nullable(count('Number of layers; null: unknown.')),
  kv: nullable(
    Type.Array(
      Type.Object({
        layers: count('Number of layers that are like this.'),
        key: count('Elements of a key, for each token and layer.'),
        value: count('Elements of a value.'),
        window: nullable(count('Tokens that are kept; null: all.')),
      }),
      { description: 'The cache; null: the header does not say enough.' },
    ),
  ),
})
export type ModelMemory = Static<typeof ModelMemory>

const entryFields = {
  id: ModelId,
  name: Type.String({ description: 'Name for people: general.name of the GGUF, else the id.' }),
  kind: Type.Enum(modelKinds),
  files: Type.Array(ModelFile, { minItems: 1 }),
  source: nullable(ModelSource),
  architecture: nullable(Type.String()),
  parameters: nullable(Type.Integer({ description: 'Number of weights.' })),
  quantization: nullable(Type.String()),
  context_length: nullable(Type.Integer({ description: 'Context the model was trained for, in tokens.' })),
  created_at: Type.String({ description: 'RFC 3339.' }),
}

/** One registry entry: the JSON in `models/<id>.json`. */
export const ModelEntry = Type.Object(
  /** Entries of an older hal0 have no `memory`. */
  { ...entryFields, memory: Type.Optional(ModelMemory) },
  { additionalProperties: false },
)
export type ModelEntry = Static<typeof ModelEntry>

/** A registry entry as the API shows it. */
export const Model = Type.Object({ ...entryFields, fit: ShownFit }, { additionalProperties: false })
export type Model = Static<typeof Model>

/** Body of `POST /api/models`: register a GGUF that is on the server's disk. */
export const ModelImport = Type.Object(
  {
    path: Type.String({ minLength: 1, maxLength: 4096, description: 'Absolute path on the server.' }),
    id: Type.Optional(ModelId),
    link: Type.Optional(Type.Boolean({ description: 'Refer to the file where it lies instead of copying it.' })),
  },
  { additionalProperties: false },
)
export type ModelImport = Static<typeof ModelImport>

/** Answer of `POST /api/models/{id}/verify`: every file hashed again. */
export const ModelVerification = Type.Object(
  {
    id: ModelId,
    ok: Type.Boolean(),
    files: Type.Array(
      Type.Object({
        path: Type.String(),
        ok: Type.Boolean(),
        expected: Type.String(),
        actual: nullable(Type.String({ description: 'sha256 found; null when the file cannot be read.' })),
        problem: nullable(Type.String()),
      }),
    ),
  },
  { additionalProperties: false },
)
export type ModelVerification = Static<typeof ModelVerification>

/** Data of a `verify` event: the progress of a verification. */
export const VerificationProgress = Type.Object(
  {
    id: ModelId,
    file: nullable(
      Type.String({ description: 'The one that is hashed, relative to the models folder; null after the last.' }),
    ),
    bytes_total: Type.Integer({ minimum: 0, description: 'Of all files, as they were registered.' }),
    bytes_done: Type.Integer({ minimum: 0, description: 'Of all files; a file that is missing counts as done.' }),
    throughput_bps: nullable(Type.Number({ description: 'Bytes per second, smoothed; null until known.' })),
    eta_s: nullable(Type.Number({ description: 'Seconds left; null until known.' })),
  },
  { additionalProperties: false },
)
export type VerificationProgress = Static<typeof VerificationProgress>
