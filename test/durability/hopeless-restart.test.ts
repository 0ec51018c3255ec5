/** A restart or a swap that cannot succeed is refused while the backend that runs is still there. */
import { describe, expect, test } from 'bun:test'
import { copyFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Daemon, errorOf } from '../support/daemon.ts'
import { makeStandIn } from '../support/stand-in-llama.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { stateText } from './fixture.ts'

/** A loaded slot whose model and engine lie below the daemon's root, for the test to spoil. */
const loaded = async (): Promise<{ daemon: Daemon; model: string; engine: string; pid: number }> => {
  const daemon = await Daemon.start()
  const model = join(daemon.root, 'mine.gguf')
  copyFileSync(await tinyModel(), model)
  const engine = makeStandIn(join(daemon.root, 'engine'))
  await daemon.addSlot(model, { name: 'primary', engine })
  return { daemon, model, engine, pid: await daemon.load() }
}

type Setting = Awaited<ReturnType<typeof loaded>>

const cases: [string, (setting: Setting) => unknown, string, string][] = [
  ['its model file is gone', ({ model }) => renameSync(model, `${model}.away`), 'slot.no_model', 'mine.gguf'],
  ['its model file was cut off', ({ model }) => truncateSync(model, 1000), 'model.corrupt', '1000 bytes'],
  ['its engine is gone', ({ engine }) => renameSync(engine, `${engine}.away`), 'engine.not_installed', 'engine'],
  [
    'its projector is not a projector',
    async ({ daemon, model }) => daemon.must('PATCH', '/api/slots/primary', { mmproj: model }),
    'request.invalid',
    'not a projector',
  ],
  [
    'its projector is gone',
    async ({ daemon }) => daemon.must('PATCH', '/api/slots/primary', { mmproj: '/nowhere/mmproj.gguf' }),
    'request.invalid',
    '/nowhere/mmproj.gguf',
  ],
]

describe('a restart', () => {
  test.each(cases)('of a slot, when %s, is refused and changes nothing', async (_, spoil, code, words) => {
    const setting = await loaded()
    const { daemon, pid } = setting
    await spoil(setting)
    const before = stateText(daemon)
    const refused = errorOf(await daemon.command('primary', 'restart'))
    expect(refused.code).toBe(code)
    expect(refused.message).toContain(words)
    expect(stateText(daemon)).toBe(before)
    expect(daemon.backends()).toContain(pid)
    expect((await daemon.chat()).status).toBe(200)
  })
})

test('a swap to a model whose file is gone is refused, and the slot keeps its model', async () => {
  const { daemon, pid } = await loaded()
  const other = join(daemon.root, 'other.gguf')
  copyFileSync(await tinyModel('embedding'), other)
  await daemon.must('POST', '/api/models', { path: other, id: 'other', link: true })
  writeFileSync(other, '')
  const refused = errorOf(await daemon.command('primary', 'swap', 20, { model: 'other' }))
  expect(refused.code).toBe('model.corrupt')
  expect(await daemon.state()).toMatchObject({ state: 'ready', pid, model: 'tiny' })
  expect((await daemon.must<{ config: { model: string } }>('GET', '/api/slots/primary')).config.model).toBe('tiny')
})
