/** Wire types of the curated catalog: well-known models that can be offered without asking the hub. */
import { type Static, Type } from 'typebox'
import { nullable } from '../schema/nullable.ts'
import { patterned } from '../schema/pattern.ts'
import { ModelId } from '../slot.ts'
import { ShownFit } from './fit.ts'
import { HubRepo } from './hub-source.ts'
import { ModelPackage, packageMember } from './package-source.ts'
import { PullRequest } from './pull.ts'

/** What a model of the catalog is for: the kinds of the registry that run by themselves, and speech. */
export const catalogKinds = ['chat', 'embedding', 'rerank', 'stt', 'tts'] as const

const path = (description: string) => Type.String({ minLength: 1, maxLength: 1024, description })
const bytes = (description: string) => Type.Integer({ minimum: 1, description })

/** One entry of `catalog.json`. */
export const CatalogEntry = Type.Object(
  {
    id: ModelId,
    name: Type.String({ minLength: 1, description: 'Name for people.' }),
    kind: Type.Enum(catalogKinds),
    provider: Type.String({ minLength: 1, description: 'What runs it.' }),
    repo: Type.Union([HubRepo, patterned('^pypi:[a-z0-9-]+$', 'must be OWNER/NAME, or pypi:NAME')], {
      description: 'owner/name at the hub, or `pypi:NAME` for a package of the Python package index.',
    }),
    file: path('Path in the repository, or in the archive of the package.'),
    others: Type.Array(path('Further file that it needs: a vision projector, the rest of a speech model.')),
    size: bytes('Bytes of all its files.'),
    licence: Type.String({ minLength: 1, description: "SPDX identifier, or the licence's own name." }),
    ram_bytes: bytes('Memory that it needs to run: its files, a context of 8192 tokens, and room to compute.'),
    parameters: Type.Integer({ minimum: 1, description: 'Number of weights.' }),
    context_length: nullable(
      Type.Integer({ minimum: 1, description: 'Context the model was trained for, in tokens.' }),
    ),
    description: Type.String({ minLength: 1, maxLength: 200 }),
    pin: Type.Optional(
      Type.Object(
        { package: ModelPackage, sha256: packageMember.sha256 },
        { additionalProperties: false, description: 'Of a model in a package: the package, and the sum of the file.' },
      ),
    ),
    first: Type.Optional(Type.Literal(true, { description: 'The model to begin with; one entry has it.' })),
  },
  { additionalProperties: false },
)
export type CatalogEntry = Static<typeof CatalogEntry>

/** An entry as this machine sees it. */
export const CatalogOffer = Type.Object(
  {
    ...CatalogEntry.properties,
    installed: Type.Boolean({ description: 'It is in the registry.' }),
    /** Body of `POST /api/models/{id}/pull`; null while no engine of this version runs it. */
    pull: nullable(PullRequest),
    fit: ShownFit,
  },
  { additionalProperties: false },
)
export type CatalogOffer = Static<typeof CatalogOffer>
