import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { tempDir } from '../../support/temp-dir.ts'
import { bunProgram, daemoniserSource, executable, exitProbe, listenerSource, runs, shell } from '../programs.ts'
import { type Fixture, ignore } from './fixture.ts'

export const stopContract = (at: Fixture): void => {
  describe('stop', () => {
    test('lets the process end by itself, and resolves after its end was reported', async () => {
      const probe = exitProbe()
      const { pid } = await at.start(
        shell('primary', 'trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.05; done'),
        probe.onExit,
      )
      await at.printed('primary', /^up$/m)
      await at.supervisor.stop('primary', 10_000)
      expect(runs(pid)).toBe(false)
      expect(probe.calls).toBe(1)
      const exit = await probe.exit
      expect(exit).toMatchObject({ exitCode: 7, signal: null, outOfMemory: false })
      expect(exit.lastLines.at(-1)).toBe('bye')
      expect(await at.supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
    })

    test('kills a process that ignores SIGTERM once the grace period is over', async () => {
      const probe = exitProbe()
      await at.start(shell('primary', 'trap "" TERM; echo up; while :; do sleep 0.05; done'), probe.onExit)
      await at.printed('primary', /^up$/m)
      const began = performance.now()
      await at.supervisor.stop('primary', 300)
      expect(performance.now() - began).toBeGreaterThanOrEqual(299)
      expect(await probe.exit).toMatchObject({ exitCode: null, signal: 'SIGKILL', outOfMemory: false })
    })

    test('reaches a child that has left the session and holds the port', async () => {
      const folder = tempDir()
      const listener = executable(folder, 'listener.ts', listenerSource)
      await at.start(bunProgram('primary', folder, daemoniserSource(listener)))
      const port = await at.portOf('primary')
      expect(await at.supervisor.portOwner('primary', port)).toEqual({ kind: 'own' })
      await at.supervisor.stop('primary', 5000)
      expect(await at.supervisor.portOwner('primary', port)).toEqual({ kind: 'none' })
    })

    test('during a start leaves nothing running, whenever it comes', async () => {
      for (const delay of [0, 1, 2, 4, 8, 16, 32]) {
        const marker = `86400.${delay}`
        const starting = at.start(shell('primary', `exec sleep ${marker}`)).then(
          () => null,
          (error: unknown) => error,
        )
        await Bun.sleep(delay)
        await at.supervisor.stop('primary', 1000)
        const error = await starting
        if (error !== null) expect(error).toMatchObject({ code: 'slot.load_cancelled' })
        const left = readdirSync('/proc').filter((pid) => {
          try {
            return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${marker}\0`
          } catch {
            return false
          }
        })
        expect(left).toEqual([])
        expect(await at.supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
      }
    })

    test('during a start makes the start fail only after the process has ended, so that the next may begin at once', async () => {
      for (let delay = 0; delay < 20; delay += 1) {
        // It ignores SIGTERM, so that its end takes the whole grace period.
        const stubborn = shell('primary', "trap '' TERM; while :; do sleep 0.05; done")
        const starting = at.start(stubborn).then(
          () => 'started',
          (error: unknown) => error,
        )
        await Bun.sleep(delay / 2)
        const stopping = at.supervisor.stop('primary', 60)
        if ((await starting) === 'started') await stopping
        // Would be refused with `internal` while a process of the slot is left.
        await at.start(shell('primary', 'sleep 60'))
        await at.supervisor.stop('primary', 0)
        await stopping
      }
    })
  })
}
