/** A provider is one row and one folder: another one, with a model format of its own, in a daemon that has it in addition. */
import { expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelEntry } from '../../../src/contract/models/model.ts'
import type { Slot } from '../../../src/contract/slot-config.ts'
import { Daemon, errorOf } from '../../support/daemon.ts'
import { makeStandIn, standInEventsOf } from '../../support/stand-in-llama.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { trialProgram } from './program.ts'

test('a slot of a new provider is made with its section, loads a model of three files, answers and unloads', async () => {
  const folder = tempDir()
  for (const part of ['encoder', 'decoder', 'tokens']) writeFileSync(join(folder, `small.${part}.trio`), `trio ${part}`)
  const daemon = await Daemon.start({ program: trialProgram(folder) })
  const engine = makeStandIn(join(daemon.root, 'engine'))

  const entry = await daemon.must<ModelEntry>('POST', '/api/models', {
    path: join(folder, 'small.decoder.trio'),
    id: 'small',
  })
  expect(entry.files.map(({ path }) => path.split('/').at(-1))).toEqual([
    'small.encoder.trio',
    'small.decoder.trio',
    'small.tokens.trio',
  ])

  const body = { name: 'talk', provider: 'trio', model: 'small', engine, trio: { voice: 'warm' } }
  const slot = await daemon.must<Slot>('POST', '/api/slots', body)
  expect(slot.config).toMatchObject({ provider: 'trio', mode: 'chat', trio: { voice: 'warm', speed: 1 } })
  expect(slot.config).not.toHaveProperty('context_size')

  const file = join(daemon.root, 'etc/hal0/slots/talk.toml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('voice = "warm"', '# as my aunt\nvoice = "warm" # she is'))
  const edited = await daemon.must<Slot>('PATCH', '/api/slots/talk', { trio: { speed: 1.5 } })
  expect(edited.config.trio).toEqual({ voice: 'warm', speed: 1.5 })
  for (const kept of ['[trio]', '# as my aunt', 'voice = "warm" # she is', 'speed = 1.5']) {
    expect(readFileSync(file, 'utf8')).toContain(kept)
  }

  await daemon.load('talk')
  const [start] = standInEventsOf(engine, 'start')
  const flags = start?.argv ?? []
  expect(flags[flags.indexOf('--voice') + 1]).toBe('warm')
  for (const part of ['encoder', 'decoder', 'tokens']) {
    expect(flags[flags.indexOf(`--${part}`) + 1]).toEndWith(`small.${part}.trio`)
  }
  expect((await daemon.chat({ model: 'talk' })).status).toBe(200)
  expect((await daemon.command('talk', 'unload')).body.state.state).toBe('offline')

  const refused = async (changes: object) => errorOf(await daemon.call('PATCH', '/api/slots/talk', changes))
  expect(await refused({ context_size: 4096 })).toMatchObject({ code: 'request.invalid', param: 'context_size' })
  expect(await refused({ trio: { pitch: 1 } })).toMatchObject({ code: 'request.invalid', param: 'trio.pitch' })
  expect(await refused({ trio: { voice: 'none' } })).toMatchObject({ code: 'request.invalid', param: 'voice' })
  expect(await refused({ mode: 'rerank' })).toMatchObject({ code: 'request.invalid', param: 'mode' })

  // The other providers are what they were, and run no models of this kind.
  await daemon.must('POST', '/api/slots', { name: 'other', model: 'small', engine })
  expect(errorOf(await daemon.command('other', 'load'))).toMatchObject({ code: 'request.invalid', param: 'model' })

  const { components } = await daemon.must<{ components: { schemas: Record<string, { anyOf?: unknown[] }> } }>(
    'GET',
    '/openapi.json',
  )
  expect(components.schemas.SlotConfig?.anyOf).toHaveLength(2)
  expect(existsSync(file)).toBe(true)
}, 60_000)
