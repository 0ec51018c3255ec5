/** The routes of the model registry. */
import { Type } from 'typebox'
import { Model, ModelImport, ModelVerification } from '../models/model.ts'
import { idParams, type Operation, op } from './operation.ts'

export const modelOperations = {
  listModels: op({
    method: 'GET',
    path: '/api/models',
    scope: 'admin',
    tag: 'models',
    summary: 'The registry',
    replies: { 200: Type.Array(Model) },
  }),
  importModel: op({
    method: 'POST',
    path: '/api/models',
    scope: 'admin',
    tag: 'models',
    summary: "Register a GGUF file of the server's disk",
    body: ModelImport,
    replies: { 201: Model },
  }),
  showModel: op({
    method: 'GET',
    path: '/api/models/{id}',
    scope: 'admin',
    tag: 'models',
    summary: 'One model',
    params: idParams,
    replies: { 200: Model },
  }),
  deleteModel: op({
    method: 'DELETE',
    path: '/api/models/{id}',
    scope: 'admin',
    tag: 'models',
    summary: 'Remove a model with its files',
    params: idParams,
    replies: { 204: null },
  }),
  verifyModel: op({
    method: 'POST',
    path: '/api/models/{id}/verify',
    scope: 'admin',
    tag: 'models',
    summary: 'Hash the files again and compare, or join the same under way; ends when its clients have hung up',
    params: idParams,
    replies: { 200: ModelVerification },
  }),
} as const satisfies Record<string, Operation>
