/** The routes of the hub. */
import { Type } from 'typebox'
import { CatalogOffer } from '../models/catalog.ts'
import { HubFile, HubFolder, HubRevision } from '../models/hub-source.ts'
import { HubHit, HubReference, HubRepository, ModelDrift } from '../models/pull.ts'
import { type Operation, op } from './operation.ts'

export const hubOperations = {
  listCatalog: op({
    method: 'GET',
    path: '/api/catalog',
    scope: 'admin',
    tag: 'hub',
    summary: 'Well-known models, without asking the hub',
    query: Type.Object(
      {
        q: Type.Optional(
          Type.String({ maxLength: 200, description: 'Words of the name, the id, the repository or the kind.' }),
        ),
      },
      { additionalProperties: false },
    ),
    replies: { 200: Type.Array(CatalogOffer) },
  }),
  searchHub: op({
    method: 'GET',
    path: '/api/hub/models',
    scope: 'admin',
    tag: 'hub',
    summary: 'GGUF models at the hub',
    query: Type.Object(
      {
        q: Type.Optional(Type.String({ maxLength: 200 })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: '20' })),
      },
      { additionalProperties: false },
    ),
    replies: { 200: Type.Array(HubHit) },
  }),
  listOutdated: op({
    method: 'GET',
    path: '/api/hub/outdated',
    scope: 'admin',
    tag: 'hub',
    summary: 'Which of the models here have changed at the hub since they were pulled',
    replies: { 200: Type.Array(ModelDrift) },
  }),
  showHubRepository: op({
    method: 'GET',
    path: '/api/hub/models/{owner}/{repo}',
    scope: 'admin',
    tag: 'hub',
    summary: 'What a repository of the hub offers',
    params: Type.Object({ owner: Type.String(), repo: Type.String() }, { additionalProperties: false }),
    query: Type.Object(
      {
        revision: Type.Optional(HubRevision),
        file: Type.Optional(HubFile),
        folder: Type.Optional(HubFolder),
      },
      { additionalProperties: false },
    ),
    replies: { 200: HubRepository },
  }),
  readHubReference: op({
    method: 'GET',
    path: '/api/hub/reference',
    scope: 'admin',
    tag: 'hub',
    summary: 'Which model at the hub a typed or pasted text means; the hub is not asked',
    query: Type.Object({ text: Type.Optional(Type.String({ maxLength: 512 })) }, { additionalProperties: false }),
    replies: { 200: HubReference },
  }),
} as const satisfies Record<string, Operation>
