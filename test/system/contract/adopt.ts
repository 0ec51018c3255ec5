import { describe, expect, test } from 'bun:test'
import { until } from '../../support/until.ts'
import { exitProbe, runs, shell } from '../programs.ts'
import { type Fixture, ignore, noticeMs } from './fixture.ts'

export const adoptContract = (at: Fixture): void => {
  describe('adopt', () => {
    test('finds the command line, and soon reports how an adopted process ended', async () => {
      const started = await at.start(shell('primary', 'echo hello; exec sleep 60'))
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
    })

    test('reports the last lines of a process that ended while no daemon ran', async () => {
      const { pid } = await at.start(shell('primary', 'echo last words; exec sleep 60'))
      await at.printed('primary', /last words/)
      at.supervisor.close()
      process.kill(pid, 'SIGKILL')
      await until('the process is dead', () => !runs(pid))
      at.restartDaemon()
      const found = await at.supervisor.adopt('primary', ignore)
      expect(found).toMatchObject({ kind: 'ended', exit: { lastLines: ['last words'] } })
    })
  })
}
