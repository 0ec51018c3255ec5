import { describe, expect, test } from 'bun:test'
import { until } from '../../support/until.ts'
import { exitProbe, runs, shell } from '../programs.ts'
import { type Fixture, ignore, noticeMs } from './fixture.ts'

export const adoptContract = (at: Fixture): void => {
  describe('adopt', () => {
    test('finds nothing where nothing was started', async () => {
      expect(await at.supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
    })

    test('finds the same process after a restart of the daemon, notices its death, once', async () => {
      const old = exitProbe()
      const started = await at.start(shell('primary', 'echo hello; exec sleep 60'), old.onExit)
      await at.printed('primary', /hello/)
      at.restartDaemon()
      const probe = exitProbe()
      expect(await at.supervisor.adopt('primary', probe.onExit)).toEqual({
        kind: 'running',
        process: started,
        argv: ['sleep', '60'],
      })
      const killed = performance.now()
      process.kill(started.pid, 'SIGKILL')
      expect(await probe.exit).toMatchObject({ outOfMemory: false, lastLines: ['hello'] })
      expect(performance.now() - killed).toBeLessThan(noticeMs)
      await at.supervisor.stop('primary', 0)
      expect(probe.calls).toBe(1)
      expect(old.calls).toBe(0)
    })

    test('lets an adopted process be stopped', async () => {
      const { pid } = await at.start(shell('primary', 'exec sleep 60'))
      at.restartDaemon()
      const probe = exitProbe()
      await at.supervisor.adopt('primary', probe.onExit)
      await at.supervisor.stop('primary', 5000)
      expect(runs(pid)).toBe(false)
      expect(probe.calls).toBe(1)
    })

    test('tells of a process that ended while no daemon ran', async () => {
      const { pid } = await at.start(shell('primary', 'echo last words; exec sleep 60'))
      await at.printed('primary', /last words/)
      at.supervisor.close()
      process.kill(pid, 'SIGKILL')
      await until('the process is dead', () => !runs(pid))
      at.restartDaemon()
      const found = await at.supervisor.adopt('primary', ignore)
      expect(found).toMatchObject({ kind: 'ended', exit: { lastLines: ['last words'] } })
    })

    test('close leaves the process running', async () => {
      const { pid } = await at.start(shell('primary', 'exec sleep 60'))
      at.restartDaemon()
      expect(runs(pid)).toBe(true)
    })
  })
}
