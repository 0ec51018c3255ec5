/** The routes of engines. */
import { Type } from 'typebox'
import { Engine, type EngineSchemas } from '../engine.ts'
import { idParams, type Operation, op } from './operation.ts'

/** @param schemas of the bodies: complete for the daemon, open for clients */
export const engineOperations = ({ EngineInstall, EngineUse }: EngineSchemas) =>
  ({
    listEngines: op({
      method: 'GET',
      path: '/api/engines',
      scope: 'admin',
      tag: 'engines',
      summary: 'The engines',
      replies: { 200: Type.Array(Engine) },
    }),
    installEngine: op({
      method: 'POST',
      path: '/api/engines',
      scope: 'admin',
      tag: 'engines',
      summary: 'Install an engine',
      body: EngineInstall,
      replies: { 201: Engine },
    }),
    useEngine: op({
      method: 'POST',
      path: '/api/engines/use',
      scope: 'admin',
      tag: 'engines',
      summary: 'Make an engine the default of its provider',
      body: EngineUse,
      replies: { 200: Engine },
    }),
    removeEngine: op({
      method: 'DELETE',
      path: '/api/engines/{id}',
      scope: 'admin',
      tag: 'engines',
      summary: 'Remove an installed engine',
      params: idParams,
      replies: { 204: null },
    }),
  }) as const satisfies Record<string, Operation>
