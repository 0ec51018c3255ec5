import { describe, expect, test } from 'bun:test'
import { tempDir } from '../../support/temp-dir.ts'
import { bunProgram, daemoniserSource, executable, exitProbe, listenerSource, shell } from '../programs.ts'
import { type Fixture, noticeMs } from './fixture.ts'

export const deathContract = (at: Fixture): void => {
  describe('death', () => {
    test('of a process that exits is reported with its code and the last lines of only this run', async () => {
      const first = exitProbe()
      await at.start(shell('primary', 'echo of the first run'), first.onExit)
      expect(await first.exit).toEqual({
        exitCode: 0,
        signal: null,
        outOfMemory: false,
        lastLines: ['of the first run'],
      })
      const second = exitProbe()
      await at.start(shell('primary', 'echo out; echo err >&2; printf "no newline"; exit 3'), second.onExit)
      expect(await second.exit).toEqual({
        exitCode: 3,
        signal: null,
        outOfMemory: false,
        lastLines: ['out', 'err', 'no newline'],
      })
    })

    for (const signal of ['SIGSEGV', 'SIGKILL', 'SIGABRT'] as const) {
      test(`by ${signal} is reported with the signal, and not as out of memory`, async () => {
        const probe = exitProbe()
        const { pid } = await at.start(shell('primary', 'exec sleep 60'), probe.onExit)
        process.kill(pid, signal)
        expect(await probe.exit).toEqual({ exitCode: null, signal, outOfMemory: false, lastLines: [] })
      })
    }

    test('is reported soon', async () => {
      const probe = exitProbe()
      const { pid } = await at.start(shell('primary', 'exec sleep 60'), probe.onExit)
      const killed = performance.now()
      process.kill(pid, 'SIGKILL')
      await probe.exit
      expect(performance.now() - killed).toBeLessThan(noticeMs)
    })

    test('is reported with at most 200 lines, made readable', async () => {
      const probe = exitProbe()
      const script = `for i in $(seq 300); do echo line $i; done; printf '\\033[31mred\\033[0m\\000\\377\\033]0;title\\007\\n10%%\\r100%%\\n'; exit 1`
      await at.start(shell('primary', script), probe.onExit)
      const { lastLines } = await probe.exit
      expect(lastLines).toHaveLength(200)
      expect(lastLines.slice(-4)).toEqual(['line 299', 'line 300', 'red\ufffd\ufffd', '100%'])
    })

    test('of the main process ends what it left behind, before the next start', async () => {
      const folder = tempDir()
      const listener = executable(folder, 'listener.ts', listenerSource)
      const probe = exitProbe()
      await at.start(bunProgram('primary', folder, daemoniserSource(listener), ['exit']), probe.onExit)
      const port = await at.portOf('primary')
      await probe.exit
      await at.start(shell('primary', 'exec sleep 60'))
      expect(await at.supervisor.portOwner('primary', port)).toEqual({ kind: 'none' })
    })
  })
}
