/** A command that was answered with 202 is carried out, whatever ends the daemon right afterwards. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { tinyModel } from '../../support/tiny-model.ts'
import { startStandIn } from '../stand-in-slot.ts'

setDefaultTimeout(120_000)

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`a restart or a swap that was accepted is done by the next daemon, 20 of 20 times after ${signal}`, async () => {
    const { daemon } = await startStandIn()
    await daemon.must('POST', '/api/models', { path: await tinyModel('chat', { layers: 1 }), id: 'other', link: true })
    let model = 'tiny'
    await daemon.load()
    for (let round = 0; round < 20; round++) {
      const { pid } = await daemon.state()
      if (round % 2 === 0) expect((await daemon.command('primary', 'restart', null)).status).toBe(202)
      else {
        model = model === 'tiny' ? 'other' : 'tiny'
        expect((await daemon.command('primary', 'swap', null, { model })).status).toBe(202)
      }
      await daemon.kill(signal)
      await daemon.launch()
      // It joins the load that continues.
      const { state } = (await daemon.command('primary', 'load')).body
      expect([round, state]).toMatchObject([round, { state: 'ready', model, intent: null }])
      expect(state.pid).not.toBe(pid)
      expect(daemon.backends()).toEqual([state.pid as number])
    }
  })
}
