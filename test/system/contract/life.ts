/**
 * The part of the contract that does not depend on real programs: how starts, stops, deaths and restarts of the daemon follow each
 * other. The simulated supervisor, which the slots' tests use, keeps it too.
 */
import { describe, expect, test } from 'bun:test'
import type { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { RunningProcess, Supervisor } from '../../../src/system/supervisor.ts'
import { until } from '../../support/until.ts'
import { exitProbe } from '../programs.ts'
import { ignore, type OnExit } from './fixture.ts'

export interface LifeFixture {
  /** The supervisor of the current daemon. */
  readonly supervisor: Supervisor
  /** Starts a backend that runs until it is ended; a deaf one ignores SIGTERM. Resolves once it does. */
  run(name: string, onExit?: OnExit, manner?: 'obeys' | 'deaf'): Promise<RunningProcess>
  /** SIGKILL from outside. */
  kill(pid: number): void
  runs(pid: number): boolean
  restartDaemon(): void
}

/** What a promise rejects with; null when it does not. */
const refusal = (work: Promise<unknown>): Promise<Hal0Error | null> =>
  work.then(
    () => null,
    (error: Hal0Error) => error,
  )

export const lifeContract = (at: LifeFixture): void => {
  const startContract = () => {
    test('reports a running process', async () => {
      const { pid, startedAt } = await at.run('primary')
      expect(at.runs(pid)).toBe(true)
      expect(startedAt).toBeGreaterThan(0)
    })

    test('refuses a second process of the same name, and leaves the first one alone', async () => {
      const probe = exitProbe()
      const { pid } = await at.run('primary', probe.onExit)
      expect(await refusal(at.run('primary'))).toMatchObject({ code: 'internal' })
      expect(at.runs(pid)).toBe(true)
      expect(probe.calls).toBe(0)
    })

    test('of another name is independent', async () => {
      const first = await at.run('primary')
      const second = await at.run('second')
      await at.supervisor.stop('second', 1000)
      expect([at.runs(first.pid), at.runs(second.pid)]).toEqual([true, false])
    })

    test('ends what an earlier daemon left, without adopting it', async () => {
      const { pid } = await at.run('primary', ignore, 'deaf')
      at.restartDaemon()
      const next = await at.run('primary')
      expect([at.runs(pid), at.runs(next.pid)]).toEqual([false, true])
    })
  }

  const deathContract = () => {
    test('is reported once, even when a stop follows', async () => {
      const probe = exitProbe()
      const { pid } = await at.run('primary', probe.onExit)
      at.kill(pid)
      expect(await probe.exit).toMatchObject({ signal: 'SIGKILL', outOfMemory: false })
      await at.supervisor.stop('primary', 0)
      expect(probe.calls).toBe(1)
    })

    test('lets a new start begin within its callback', async () => {
      const again = Promise.withResolvers<RunningProcess>()
      const { pid } = await at.run('primary', () => {
        at.run('primary').then(again.resolve, again.reject)
      })
      at.kill(pid)
      expect(at.runs((await again.promise).pid)).toBe(true)
    })

    test('of one backend is not reported as that of the next', async () => {
      const first = exitProbe()
      const second = exitProbe()
      at.kill((await at.run('primary', first.onExit)).pid)
      await first.exit
      const { pid } = await at.run('primary', second.onExit)
      await at.supervisor.stop('primary', 1000)
      expect([first.calls, second.calls, at.runs(pid)]).toEqual([1, 1, false])
    })
  }

  const stopContract = () => {
    for (const manner of ['obeys', 'deaf'] as const) {
      test(`resolves after the end of a process that ${manner === 'deaf' ? 'ignores SIGTERM' : 'obeys'} was reported, and leaves nothing to find`, async () => {
        const probe = exitProbe()
        const { pid } = await at.run('primary', probe.onExit, manner)
        await at.supervisor.stop('primary', 100)
        expect([at.runs(pid), probe.calls]).toEqual([false, 1])
        at.restartDaemon()
        expect(await at.supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
      })
    }

    test('does nothing if nothing runs, even twice and for an unknown name', async () => {
      await at.supervisor.stop('nobody', 1000)
      const probe = exitProbe()
      await at.run('primary', probe.onExit)
      await Promise.all([at.supervisor.stop('primary', 1000), at.supervisor.stop('primary', 1000)])
      await at.supervisor.stop('primary', 1000)
      expect(probe.calls).toBe(1)
      expect(await at.supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
    })

    test('of what an earlier daemon left ends it without adopting it', async () => {
      const old = exitProbe()
      const { pid } = await at.run('primary', old.onExit)
      at.restartDaemon()
      await at.supervisor.stop('primary', 1000)
      expect([at.runs(pid), old.calls]).toEqual([false, 0])
    })

    test('during a start cancels it, and the next start works', async () => {
      const probe = exitProbe()
      const starting = refusal(at.run('primary', probe.onExit))
      await at.supervisor.stop('primary', 1000)
      expect(await starting).toMatchObject({ code: 'slot.load_cancelled' })
      expect(probe.calls).toBe(0)
      const { pid } = await at.run('primary')
      expect(at.runs(pid)).toBe(true)
    })
  }

  const adoptContract = () => {
    test('finds nothing if nothing was started', async () => {
      expect(await at.supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
    })

    test('finds the same process after a restart of the daemon, and reports only its death, once', async () => {
      const old = exitProbe()
      const started = await at.run('primary', old.onExit)
      at.restartDaemon()
      const probe = exitProbe()
      expect(await at.supervisor.adopt('primary', probe.onExit)).toMatchObject({ kind: 'running', process: started })
      at.kill(started.pid)
      await probe.exit
      await at.supervisor.stop('primary', 0)
      expect([old.calls, probe.calls]).toEqual([0, 1])
    })

    test('lets an adopted process be stopped', async () => {
      const { pid } = await at.run('primary')
      at.restartDaemon()
      const probe = exitProbe()
      await at.supervisor.adopt('primary', probe.onExit)
      await at.supervisor.stop('primary', 5000)
      expect([at.runs(pid), probe.calls]).toEqual([false, 1])
    })

    test('reports a process that ended while no daemon ran, until it is stopped', async () => {
      const old = exitProbe()
      const { pid } = await at.run('primary', old.onExit)
      at.supervisor.close()
      at.kill(pid)
      await until('the process is dead', () => !at.runs(pid))
      at.restartDaemon()
      const probe = exitProbe()
      expect(await at.supervisor.adopt('primary', probe.onExit)).toMatchObject({ kind: 'ended' })
      await at.supervisor.stop('primary', 0)
      expect(await at.supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
      expect([old.calls, probe.calls]).toEqual([0, 0])
    })

    test('is refused for a process that this daemon has started or adopted, and while one is being started', async () => {
      const probe = exitProbe()
      const starting = at.run('primary', probe.onExit)
      expect(await refusal(at.supervisor.adopt('primary', ignore))).toMatchObject({ code: 'internal' })
      const { pid } = await starting
      expect(await refusal(at.supervisor.adopt('primary', ignore))).toMatchObject({ code: 'internal' })
      at.restartDaemon()
      const next = exitProbe()
      await at.supervisor.adopt('primary', next.onExit)
      expect(await refusal(at.supervisor.adopt('primary', ignore))).toMatchObject({ code: 'internal' })
      expect(await refusal(at.run('primary'))).toMatchObject({ code: 'internal' })
      // None of that ended the process, or its subscription.
      expect(at.runs(pid)).toBe(true)
      at.kill(pid)
      await next.exit
      expect([probe.calls, next.calls]).toEqual([0, 1])
    })

    test('leaves the process running when the daemon closes', async () => {
      const { pid } = await at.run('primary')
      at.restartDaemon()
      expect(at.runs(pid)).toBe(true)
    })
  }

  describe('start', startContract)
  describe('death', deathContract)
  describe('stop', stopContract)
  describe('adopt', adoptContract)
}
