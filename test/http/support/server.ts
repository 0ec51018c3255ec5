/** The HTTP application with fakes behind it, on a real socket of 127.0.0.1. */

import type { OpenAiModel } from '../../../src/contract/models/openai-model.ts'
import type { Dispatch } from '../../../src/dispatch/dispatch-port.ts'
import type { AppDeps } from '../../../src/http/app.ts'
import { makeApp } from '../../../src/http/app.ts'
import type { FrontLimits } from '../../../src/http/front/limits.ts'
import { listen } from '../../../src/http/listen.ts'
import { Catalog, catalogEntries } from '../../../src/models/catalog/catalog.ts'
import { bareHardware, roomOf } from '../../support/fits.ts'
import { sections } from '../../support/slot-config.ts'
import { FakeDecisions, FakeEngines, FakeModels, FakePulls, FakeSettings, FakeWhy } from './fake-services.ts'
import { FakeSlots } from './fake-slots.ts'
import { openAccess } from './local-caller.ts'

const openAiModel = (id: string): OpenAiModel => ({
  id,
  object: 'model',
  created: 0,
  owned_by: 'hal0',
  slot: 'primary',
  state: 'ready',
  context_length: 512,
  capabilities: ['chat', 'completion', 'tools'],
})

/** Echoes the request in its answer. */
const echoDispatch: Dispatch = async ({ request: { body }, path }, answer) => {
  let bytes = 0
  for (let piece = await body.next(); piece !== null; piece = await body.next()) bytes += piece.length
  answer.send(200, 'content-type: application/json\r\n', Buffer.from(JSON.stringify({ path, bytes })))
}

export const startServer = async (overrides: Partial<AppDeps> = {}, limits: Partial<FrontLimits> = {}) => {
  const slots = new FakeSlots()
  const models = new FakeModels()
  const decisions = new FakeDecisions()
  const app = await makeApp({
    slots,
    models,
    pulls: new FakePulls(),
    catalog: new Catalog({ entries: catalogEntries, registry: models, room: roomOf(8e9), providers: ['llama.cpp'] }),
    hardware: async () => bareHardware,
    room: roomOf(8e9),
    engines: new FakeEngines(),
    sections: sections.all,
    settings: new FakeSettings(),
    decisions,
    why: new FakeWhy(),
    captures: { list: async () => [] },
    metrics: { text: () => 'hal0_build_info{version="0.0.0"} 1\n' },
    dispatch: echoDispatch,
    openaiModels: () => ({ object: 'list', data: ['primary', 'org/alias'].map(openAiModel) }),
    status: () => ({
      version: '0.0.0',
      uptime_s: 1,
      pid: process.pid,
      supervisor: 'process',
      url: 'http://127.0.0.1',
      problems: [],
      slots: [],
    }),
    version: '0.0.0',
    allowedHosts: ['nas.local', 'fd00::1', 'tagged:8080'],
    access: openAccess(),
    webDir: null,
    checkReplies: true,
    ...overrides,
  })
  const server = await listen(
    app,
    { host: '127.0.0.1', port: 0, limits },
    { otherPort: String, waitsForAddress: false },
  )
  const { port } = server
  return {
    app,
    server,
    slots,
    models,
    decisions,
    port,
    url: `http://127.0.0.1:${port}`,
    async stop() {
      app.streams.closeAll()
      server.close()
    },
  }
}

export type TestServer = Awaited<ReturnType<typeof startServer>>
