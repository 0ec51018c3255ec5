/**
 * A provider and a model format that exist for the trial only: models of three files, none of them a GGUF, run by the stand-in
 * backend, and a section of their own in a slot's configuration.
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Type } from 'typebox'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { ModelFormat } from '../../../src/models/formats/model-format.ts'
import { checkModelFiles } from '../../../src/models/verify/check-files.ts'
import { backendEnv } from '../../../src/providers/backend-env.ts'
import type { ProbeRequest, Provider, WatchPlan } from '../../../src/providers/provider.ts'
import type { ProviderRow } from '../../../src/providers/provider-row.ts'

const parts = ['encoder', 'decoder', 'tokens']

/** `NAME.encoder.trio`, `NAME.decoder.trio`, `NAME.tokens.trio`, each beginning with the word trio. */
export const trioFormat: ModelFormat = {
  name: 'trio',
  owns: (fileName) => fileName.endsWith('.trio'),
  filesOf: (fileName) => parts.map((part) => fileName.replace(/\.\w+\.trio$/, `.${part}.trio`)),
  partName: (index) => `file ${parts[index]}`,
  invalid: (path, why, details, next) =>
    new Hal0Error('model.invalid_file', `${path} is no trio: ${why}. ${next}`.trimEnd(), { param: 'path', details }),
  readFacts: async (files, path, id) => {
    for (const file of files) {
      if (!(await readFile(file, 'utf8')).startsWith('trio')) {
        throw trioFormat.invalid(path, `${basename(file)} does not begin with it`, {}, '')
      }
    }
    return { name: id, kind: 'chat', architecture: 'trio', parameters: 3, quantization: null, context_length: null }
  },
  checkHead: async () => 'fine',
}

const readiness: ProbeRequest = {
  method: 'GET',
  path: '/v1/models',
  judge: ({ status }) => (status === 200 ? { kind: 'ok' } : { kind: 'wait' }),
}
const watching: WatchPlan = { opensPortLate: false, readiness, sentinels: [], stopGraceMs: 2000 }

const trio: Provider = {
  name: 'trio',
  formats: ['trio'],
  lessMemory: 'or fewer parts',
  modes: ['chat', 'transcription', 'speech'],
  backend: {
    dialects: ['openai'],
    withheldHeaders: new Set(),
    keyVariable: null,
    keepsStreams: false,
    onHangUp: 'abort',
  },
  mode: ({ mode }) => mode ?? 'chat',
  abilities: ({ mode }) => ({
    capabilities: [mode === 'transcription' || mode === 'speech' ? mode : 'chat'],
    contextLength: null,
  }),
  otherModels: () => [],
  check: ({ section }) => {
    if (section.voice === 'none') throw new Hal0Error('request.invalid', 'voice cannot be none.', { param: 'voice' })
  },
  plan: async ({ config, model: { entry, files } }) => {
    await checkModelFiles(entry, files)
    const given = files.flatMap((file, index) => [`--${parts[index]}`, file])
    const flags = ['--port', String(config.port), '--alias', entry.id, '--voice', String(config.section.voice)]
    return {
      spec: {
        name: config.name,
        argv: [config.engine ?? '', ...flags, ...given],
        env: backendEnv(process.env),
        cwd: '/',
      },
      ...watching,
    }
  },
  watchPlan: async () => watching,
  recognise: () => null,
  causeOf: () => null,
  ranOutOfMemory: () => false,
}

export const trioRow: ProviderRow = {
  section: {
    provider: 'trio',
    key: 'trio',
    fields: {
      voice: Type.String({ minLength: 1 }),
      speed: Type.Number({ minimum: 0.25, maximum: 4 }),
    },
    defaults: { voice: 'plain', speed: 1 },
    isFlat: false,
  },
  engine: { provider: 'trio', program: 'trio-server', sources: {}, gpuBackends: async () => [] },
  exampleEngine: { id: 'trio-1', path: '/opt/trio-server' },
  start: async () => trio,
}
