import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogEntry, LogEvent } from '../../../src/system/supervisor.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'
import { exitProbe, shell } from '../programs.ts'
import { type Fixture, ignore } from './fixture.ts'

export const logsContract = (at: Fixture): void => {
  describe('logs', () => {
    test('are the last lines, oldest first', async () => {
      await at.start(shell('primary', 'for i in $(seq 1000); do echo line $i; done; echo up; exec sleep 60'))
      await at.printed('primary', /^up$/m)
      expect(await at.supervisor.logs('primary', 3)).toEqual(['line 999', 'line 1000', 'up'])
      expect((await at.supervisor.logs('primary', 900))[0]).toBe('line 102')
    })

    test('are empty for a slot that never ran', async () => {
      expect(await at.supervisor.logs('nobody', 10)).toEqual([])
    })

    test('are followed line by line, from now on, until the follower is closed', async () => {
      const folder = tempDir()
      const script = `echo before; for n in one two three; do until [ -e ${folder}/$n ]; do sleep 0.02; done; printf %s $n; echo ' end'; done; exec sleep 60`
      await at.start(shell('primary', script))
      await at.printed('primary', /before/)
      const lines: LogEntry[] = []
      const end = at.supervisor.followLogs('primary', (entries) => {
        lines.push(...entries.map(({ entry }) => entry))
      })
      const say = (word: string) => writeFileSync(join(folder, word), '')
      say('one')
      await until('the first line', () => lines.length === 1)
      say('two')
      await until('the second line', () => lines.length === 2)
      end()
      say('three')
      await at.printed('primary', /three end/)
      expect(lines).toEqual(['one end', 'two end'])
    })

    test('are followed completely when they come in one burst, by each reader at its own pace', async () => {
      const go = join(tempDir(), 'go')
      const burst = 'i=0; while [ $i -lt 30000 ]; do echo "line $i of a burst"; i=$((i+1)); done'
      await at.start(shell('primary', `echo up; until [ -e ${go} ]; do sleep 0.02; done; ${burst}; exec sleep 60`))
      await at.printed('primary', /up/)
      const quick: LogEntry[] = []
      const slow: LogEntry[] = []
      const ends = [
        at.supervisor.followLogs('primary', (entries) => {
          quick.push(...entries.map(({ entry }) => entry))
        }),
        at.supervisor.followLogs('primary', async (entries) => {
          await Bun.sleep(20)
          slow.push(...entries.map(({ entry }) => entry))
        }),
      ]
      // The journal's follower is a program that has to start first.
      await Bun.sleep(500)
      writeFileSync(go, '')
      const all = Array.from({ length: 30_000 }, (_, index) => `line ${index} of a burst`)
      for (const seen of [quick, slow]) {
        await until('the last line', () => seen.at(-1) === all.at(-1), 30_000)
        expect(seen).toEqual(all)
      }
      for (const end of ends) end()
    })

    test('are followed from the last lines on, without a missing or repeated line', async () => {
      const script =
        'i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); [ $((i % 50)) = 0 ] && sleep 0.02; done; exec sleep 60'
      await at.start(shell('primary', script))
      await at.printed('primary', /line 99/)
      const readers: LogEntry[][] = [[], [], [], []]
      const ends: (() => void)[] = []
      for (const seen of readers) {
        ends.push(
          at.supervisor.followLogs(
            'primary',
            (entries) => {
              seen.push(...entries.map(({ entry }) => entry))
            },
            { lines: 50 },
          ),
        )
        await Bun.sleep(50)
      }
      for (const seen of readers) {
        await until('the last line', () => seen.at(-1) === 'line 1999', 30_000)
        const first = Number(String(seen[0]).split(' ')[1])
        expect(first).toBeGreaterThanOrEqual(49)
        expect(seen).toEqual(Array.from({ length: 2000 - first }, (_, index) => `line ${first + index}`))
      }
      for (const end of ends) end()
    })

    test('are resumed after the last line that a reader had, even by the next daemon', async () => {
      const go = join(tempDir(), 'go')
      const script = `for i in $(seq 50); do echo line $i; done; until [ -e ${go} ]; do sleep 0.02; done; for i in $(seq 51 100); do echo line $i; done; exec sleep 60`
      await at.start(shell('primary', script))
      await at.printed('primary', /^line 50$/m)
      const events: LogEvent[] = []
      const take = (more: LogEvent[]) => void events.push(...more)
      const end = at.supervisor.followLogs('primary', take, { lines: 20 })
      await until('twenty lines', () => events.length === 20)
      end()
      const { id, entry } = events.splice(0)[9] as LogEvent
      expect(entry).toBe('line 40')
      at.restartDaemon()
      await at.supervisor.adopt('primary', ignore)
      writeFileSync(go, '')
      const ends = at.supervisor.followLogs('primary', take, { after: id ?? '' })
      await until('the last line', () => events.at(-1)?.entry === 'line 100')
      expect(events.map((event) => event.entry)).toEqual(Array.from({ length: 60 }, (_, index) => `line ${41 + index}`))
      ends()
    })

    test('begin with a gap for a reader whose last line is unknown', async () => {
      await at.start(shell('primary', 'echo up; exec sleep 60'))
      await at.printed('primary', /^up$/m)
      const entries: LogEntry[] = []
      const end = at.supervisor.followLogs('primary', (more) => void entries.push(...more.map(({ entry }) => entry)), {
        after: 'nobody',
      })
      await until('the gap', () => entries.length > 0)
      expect(entries).toEqual([{ bytes: null }])
      end()
    })

    test('forget leaves no log and no record, and does nothing if there is none', async () => {
      const probe = exitProbe()
      await at.start(shell('primary', 'echo hello'), probe.onExit)
      await probe.exit
      await at.supervisor.forget('primary')
      expect(await at.supervisor.logs('primary', 10)).toEqual([])
      expect(await at.supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
      await at.supervisor.forget('nobody')
    })
  })
}
