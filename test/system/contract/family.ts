import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { ExitReport } from '../../../src/system/supervisor.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'
import { executable, exitProbe, runs, shell } from '../programs.ts'
import { type Fixture, ignore } from './fixture.ts'

/** A process that writes its pid to the file $1, and ends half a second after SIGTERM. */
const slow = `trap 'sleep 0.5; exit 0' TERM; echo $$ > $1; while :; do sleep 0.05; done`
/** The same, but it ignores SIGTERM. */
const deaf = `trap '' TERM HUP; echo $$ > $1; while :; do sleep 0.05; done`

/** Ways in which a backend starts its other process, as shell code that runs `child` with the file as its argument. */
const ways: [string, (child: string) => string][] = [
  ['a child of a wrapper script', (child) => `${child} &`],
  ['a child in a session of its own', (child) => `setsid ${child} &`],
  [
    'a child in a session of its own, with another environment',
    (child) => `setsid env -i PATH=/usr/bin:/bin ${child} &`,
  ],
  [
    'an orphan in a session of its own, with another environment',
    // The parent lives for a moment, like that of any program that daemonizes and reports that first.
    (child) => `sh -c 'setsid env -i PATH=/usr/bin:/bin ${child} & sleep 0.4' &`,
  ],
]

const wrapper = 'echo $$; while :; do sleep 0.05; done'

export const familyContract = (at: Fixture): void => {
  describe('a backend of several processes', () => {
    /** Starts the wrapper and its other process. @returns the pids of both */
    const startBoth = async (
      way: (child: string) => string,
      child: string,
      onExit: (exit: ExitReport) => unknown = ignore,
    ): Promise<{ main: number; child: number }> => {
      const folder = tempDir()
      const program = executable(folder, 'child', `#!/bin/sh\n${child}\n`)
      const { pid } = await at.start(shell('primary', `${way(`${program} ${folder}/pid`)} ${wrapper}`), onExit)
      const read = (): number => {
        try {
          return Number(readFileSync(`${folder}/pid`, 'utf8'))
        } catch {
          return 0
        }
      }
      await until('the child runs', () => read() > 0 && runs(read()))
      return { main: pid, child: read() }
    }
    /** Waits until the next daemon would know of it, which takes a lifetime of one second. */
    const recorded = () => Bun.sleep(2300)
    /** Waits until an orphan's parent has ended and the supervisor has looked. */
    const settle = () => Bun.sleep(600)

    for (const [what, way] of ways) {
      test(`is reported as ended, and its stop resolves, once ${what} has ended too`, async () => {
        const told: boolean[] = []
        let child = 0
        const started = await startBoth(way, slow, () => told.push(runs(child)))
        child = started.child
        await settle()
        await at.supervisor.stop('primary', 5000)
        expect({ told, main: runs(started.main), child: runs(child) }).toEqual({
          told: [false],
          main: false,
          child: false,
        })
      })

      test(`is killed together with ${what} that does not obey, and reported only then`, async () => {
        const told: boolean[] = []
        let child = 0
        const started = await startBoth(way, deaf, () => told.push(runs(child)))
        child = started.child
        await settle()
        await at.supervisor.stop('primary', 300)
        expect({ told, child: runs(child) }).toEqual({ told: [false], child: false })
      })

      test(`whose main process dies is reported with ${what} remaining, and a stop ends that`, async () => {
        const probe = exitProbe()
        const { main, child } = await startBoth(way, deaf, probe.onExit)
        await settle()
        process.kill(main, 'SIGKILL')
        expect(await probe.exit).toMatchObject({ signal: 'SIGKILL', remains: true })
        await at.supervisor.stop('primary', 300)
        expect(runs(child)).toBe(false)
        expect(probe.calls).toBe(1)
        expect(await at.supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
      })
    }

    for (const [what, way] of ways.slice(2)) {
      test(`is stopped together with ${what} by the next daemon`, async () => {
        const { main, child } = await startBoth(way, deaf)
        await recorded()
        at.restartDaemon()
        expect(await at.supervisor.adopt('primary', ignore)).toMatchObject({ kind: 'running', process: { pid: main } })
        await at.supervisor.stop('primary', 100)
        expect([runs(main), runs(child)]).toEqual([false, false])
      })

      test(`whose main process died while no daemon ran has left ${what}, which a stop ends`, async () => {
        const { main, child } = await startBoth(way, deaf)
        await recorded()
        at.supervisor.close()
        process.kill(main, 'SIGKILL')
        await until('the main process is dead', () => !runs(main))
        at.restartDaemon()
        const found = await at.supervisor.adopt('primary', ignore)
        expect(found).toMatchObject({ kind: 'ended', exit: { remains: true } })
        await at.supervisor.stop('primary', 100)
        expect(runs(child)).toBe(false)
        expect(await at.supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
      })
    }

    test('leaves nothing in the way of the next start when its main process has died and nobody stopped the rest', async () => {
      const probe = exitProbe()
      const { main, child } = await startBoth((program) => `setsid env -i ${program} &`, deaf, probe.onExit)
      await settle()
      process.kill(main, 'SIGKILL')
      await probe.exit
      await at.start(shell('primary', 'exec sleep 60'))
      expect(runs(child)).toBe(false)
    })
  })
}
