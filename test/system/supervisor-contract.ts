/** What every supervisor keeps, shown with real processes; each implementation runs the same tests. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hal0Error } from '../../src/lib/hal0-error.ts'
import { readStat } from '../../src/system/proc/stat.ts'
import { markVariable } from '../../src/system/process/instance-mark.ts'
import type { LaunchSpec, Supervisor } from '../../src/system/supervisor.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import { bunProgram, daemoniserSource, executable, exitProbe, listenerSource, runs, shell } from './programs.ts'

/** One installation on which supervisors are tried. */
export interface SupervisorHarness {
  /** A supervisor of this installation; closing it and opening another is a restart of the daemon. */
  open(): Supervisor
  /** Ends whatever still runs and removes the installation. */
  dispose(): Promise<void>
}

const ignore = () => {}
/** Far more than the 250 ms of the contract, for machines under load; the usual figures are below 110 ms. */
const noticeMs = 1000

export const supervisorContract = (title: string, makeHarness: () => Promise<SupervisorHarness>): void => {
  describe(`${title} keeps the supervisor's contract`, () => {
    let harness: SupervisorHarness
    let supervisor: Supervisor
    const used = new Set<string>()

    beforeEach(async () => {
      harness = await makeHarness()
      supervisor = harness.open()
    })
    afterEach(async () => {
      for (const name of used) await supervisor.stop(name, 0)
      used.clear()
      supervisor.close()
      await harness.dispose()
    })

    const start = (spec: LaunchSpec, onExit: Parameters<Supervisor['start']>[1] = ignore) => {
      used.add(spec.name)
      return supervisor.start(spec, onExit)
    }
    const restartDaemon = () => {
      supervisor.close()
      supervisor = harness.open()
    }
    const printed = async (name: string, pattern: RegExp): Promise<RegExpExecArray> => {
      for (let tries = 0; tries < 1000; tries += 1) {
        const found = pattern.exec((await supervisor.logs(name, 100)).join('\n'))
        if (found !== null) return found
        await Bun.sleep(10)
      }
      throw new Error(`slot ${name} did not print ${pattern}`)
    }
    const portOf = async (name: string): Promise<number> => Number((await printed(name, /port (\d+)/))[1])
    const refusal = async (promise: Promise<unknown>): Promise<Hal0Error> => {
      const error = await promise.then(
        () => null,
        (reason: unknown) => reason,
      )
      if (error instanceof Hal0Error) return error
      throw new Error(`expected a Hal0Error, got ${String(error)}`)
    }

    describe('start', () => {
      test('passes arguments, environment and working folder byte for byte, with nothing added but the mark', async () => {
        const cwd = tempDir()
        const odd = ['', ' ', 'a\nb', '"\'`$HOME\\', '%i %I %%', '*', 'ünïcödé 🚀', '--x=\t', '#;&|<>']
        const env = { A: 'one\ntwo', QUOTES: `"'\\`, EMPTY: '', PATH: '/bin', DOLLAR: '$A $(A)', 'odd.name': 'ü=1' }
        const spec = { name: 'primary', argv: ['/bin/sh', '-c', 'while :; do sleep 1; done', ...odd], env, cwd }
        const { pid } = await start(spec)
        const raw = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').slice(0, -1)
        // For some microseconds of an exec the kernel shows neither.
        await until('the program is executed', () => raw('environ').length > 0)
        expect(raw('cmdline')).toEqual(spec.argv)
        const variables = raw('environ')
        const mark = variables.filter((entry) => entry.startsWith(`${markVariable}=`))
        expect(mark).toHaveLength(1)
        expect(variables.filter((entry) => !mark.includes(entry)).toSorted()).toEqual(
          Object.entries(env)
            .map(([key, value]) => `${key}=${value}`)
            .toSorted(),
        )
        expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(cwd)
      })

      test('leaves the child no ignored signal, no descriptor of the daemon, and a session of its own', async () => {
        const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
        try {
          const { pid } = await start(shell('primary', 'exec sleep 60'))
          expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^SigIgn:\t0000000000000000$/m)
          expect(readdirSync(`/proc/${pid}/fd`)).toEqual(['0', '1', '2'])
          expect(readlinkSync(`/proc/${pid}/fd/0`)).toBe('/dev/null')
          expect(readStat(pid)?.session).toBe(pid)
        } finally {
          await server.stop(true)
        }
      })

      test('tells the pid and the time of the start', async () => {
        const before = Date.now()
        const { pid, startedAt } = await start(shell('primary', 'exec sleep 60'))
        expect(runs(pid)).toBe(true)
        expect(startedAt).toBeGreaterThanOrEqual(before - 1000)
        expect(startedAt).toBeLessThanOrEqual(Date.now() + 1000)
      })

      test('refuses a second process of the same name', async () => {
        await start(shell('primary', 'exec sleep 60'))
        const error = await refusal(supervisor.start(shell('primary', 'exec sleep 60'), ignore))
        expect(error.code).toBe('internal')
      })

      const folderSpec = (argv: string[], cwd = '/'): LaunchSpec => ({ name: 'primary', argv, env: {}, cwd })
      const unfit: [string, (folder: string) => LaunchSpec, RegExp][] = [
        ['a program that is not there', (dir) => folderSpec([`${dir}/none`]), /does not exist/],
        ['a folder', (dir) => folderSpec([dir]), /may not be executed/],
        ['a file without the execute permission', () => folderSpec(['/etc/passwd']), /may not be executed/],
        [
          'a script without its interpreter',
          (dir) => folderSpec([executable(dir, 'x', '#!/no/such\n')]),
          /interpreter/,
        ],
        ['a file that is no program', (dir) => folderSpec([executable(dir, 'x', 'plain\n')]), /not a program/],
        ['a relative path', () => folderSpec(['sleep', '1']), /does not exist/],
        ['a missing working folder', (dir) => folderSpec(['/bin/sleep', '1'], `${dir}/none`), /working folder/],
        ['an argument with a NUL byte', () => folderSpec(['/bin/sleep', '1\0']), /NUL/],
        ['an argument that is too long', () => folderSpec(['/bin/sleep', 'x'.repeat(1 << 20)]), /too long/],
      ]
      for (const [what, spec, sentence] of unfit) {
        test(`says why for ${what}, and the next start works`, async () => {
          const probe = exitProbe()
          const error = await refusal(start(spec(tempDir()), probe.onExit))
          expect(error.code).toBe('slot.spawn_failed')
          expect(error.message).toMatch(sentence)
          expect(error.details).toContainKeys(['argv0', 'errno'])
          const { pid } = await start(shell('primary', 'exec sleep 60'))
          expect(runs(pid)).toBe(true)
          expect(probe.calls).toBe(0)
        })
      }
    })

    describe('death', () => {
      test('of a process that exits tells its code and the last lines of this run only', async () => {
        const first = exitProbe()
        await start(shell('primary', 'echo of the first run'), first.onExit)
        expect(await first.exit).toEqual({
          exitCode: 0,
          signal: null,
          outOfMemory: false,
          lastLines: ['of the first run'],
        })
        const second = exitProbe()
        await start(shell('primary', 'echo out; echo err >&2; printf "no newline"; exit 3'), second.onExit)
        expect(await second.exit).toEqual({
          exitCode: 3,
          signal: null,
          outOfMemory: false,
          lastLines: ['out', 'err', 'no newline'],
        })
      })

      for (const signal of ['SIGSEGV', 'SIGKILL', 'SIGABRT'] as const) {
        test(`by ${signal} tells the signal, and not that memory ran out`, async () => {
          const probe = exitProbe()
          const { pid } = await start(shell('primary', 'exec sleep 60'), probe.onExit)
          process.kill(pid, signal)
          expect(await probe.exit).toEqual({ exitCode: null, signal, outOfMemory: false, lastLines: [] })
        })
      }

      test('is told once and soon', async () => {
        const probe = exitProbe()
        const { pid } = await start(shell('primary', 'exec sleep 60'), probe.onExit)
        const killed = performance.now()
        process.kill(pid, 'SIGKILL')
        await probe.exit
        expect(performance.now() - killed).toBeLessThan(noticeMs)
        await supervisor.stop('primary', 0)
        expect(probe.calls).toBe(1)
      })

      test('tells at most 20 lines, made readable', async () => {
        const probe = exitProbe()
        const script = `for i in $(seq 30); do echo line $i; done; printf '\\033[31mred\\033[0m\\000\\377\\033]0;title\\007\\n10%%\\r100%%\\n'; exit 1`
        await start(shell('primary', script), probe.onExit)
        const { lastLines } = await probe.exit
        expect(lastLines).toHaveLength(20)
        expect(lastLines.slice(-4)).toEqual(['line 29', 'line 30', 'red\ufffd\ufffd', '100%'])
      })

      test('of the main process ends what it left behind, before the next start', async () => {
        const folder = tempDir()
        const listener = executable(folder, 'listener.ts', listenerSource)
        const probe = exitProbe()
        await start(bunProgram('primary', folder, daemoniserSource(listener), ['exit']), probe.onExit)
        const port = await portOf('primary')
        await probe.exit
        await start(shell('primary', 'exec sleep 60'))
        expect(await supervisor.portOwner('primary', port)).toEqual({ kind: 'none' })
      })

      test('lets a new start begin from within the news of it', async () => {
        const again = Promise.withResolvers<number>()
        await start(shell('primary', 'exit 1'), () => {
          start(shell('primary', 'exec sleep 60')).then(({ pid }) => again.resolve(pid), again.reject)
        })
        expect(runs(await again.promise)).toBe(true)
      })
    })

    describe('stop', () => {
      test('lets the process end by itself, and resolves after its end was told', async () => {
        const probe = exitProbe()
        const { pid } = await start(
          shell('primary', 'trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.05; done'),
          probe.onExit,
        )
        await printed('primary', /^up$/m)
        await supervisor.stop('primary', 10_000)
        expect(runs(pid)).toBe(false)
        expect(probe.calls).toBe(1)
        const exit = await probe.exit
        expect(exit).toMatchObject({ exitCode: 7, signal: null, outOfMemory: false })
        expect(exit.lastLines.at(-1)).toBe('bye')
        expect(await supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
      })

      test('kills a process that ignores SIGTERM once the grace is over', async () => {
        const probe = exitProbe()
        await start(shell('primary', 'trap "" TERM; echo up; while :; do sleep 0.05; done'), probe.onExit)
        await printed('primary', /^up$/m)
        const began = performance.now()
        await supervisor.stop('primary', 300)
        expect(performance.now() - began).toBeGreaterThanOrEqual(299)
        expect(await probe.exit).toMatchObject({ exitCode: null, signal: 'SIGKILL', outOfMemory: false })
      })

      test('reaches a child that has left the session and holds the port', async () => {
        const folder = tempDir()
        const listener = executable(folder, 'listener.ts', listenerSource)
        await start(bunProgram('primary', folder, daemoniserSource(listener)))
        const port = await portOf('primary')
        expect(await supervisor.portOwner('primary', port)).toEqual({ kind: 'own' })
        await supervisor.stop('primary', 5000)
        expect(await supervisor.portOwner('primary', port)).toEqual({ kind: 'none' })
      })

      test('does nothing where nothing runs, also twice and for an unknown name', async () => {
        await supervisor.stop('nobody', 1000)
        await start(shell('primary', 'exec sleep 60'))
        await Promise.all([supervisor.stop('primary', 1000), supervisor.stop('primary', 1000)])
        await supervisor.stop('primary', 1000)
        expect(await supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
      })

      test('during a start leaves nothing running, whenever it comes', async () => {
        for (const delay of [0, 1, 2, 4, 8, 16, 32]) {
          const marker = `86400.${delay}`
          const starting = start(shell('primary', `exec sleep ${marker}`)).then(
            () => null,
            (error: unknown) => error,
          )
          await Bun.sleep(delay)
          await supervisor.stop('primary', 1000)
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
          expect(await supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
        }
      })
    })

    describe('adopt', () => {
      test('finds nothing where nothing was started', async () => {
        expect(await supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
      })

      test('finds the same process after a restart of the daemon, notices its death, once', async () => {
        const old = exitProbe()
        const started = await start(shell('primary', 'echo hello; exec sleep 60'), old.onExit)
        restartDaemon()
        const probe = exitProbe()
        expect(await supervisor.adopt('primary', probe.onExit)).toEqual({ kind: 'running', process: started })
        const killed = performance.now()
        process.kill(started.pid, 'SIGKILL')
        expect(await probe.exit).toMatchObject({ outOfMemory: false, lastLines: ['hello'] })
        expect(performance.now() - killed).toBeLessThan(noticeMs)
        await supervisor.stop('primary', 0)
        expect(probe.calls).toBe(1)
        expect(old.calls).toBe(0)
      })

      test('lets an adopted process be stopped', async () => {
        const { pid } = await start(shell('primary', 'exec sleep 60'))
        restartDaemon()
        const probe = exitProbe()
        await supervisor.adopt('primary', probe.onExit)
        await supervisor.stop('primary', 5000)
        expect(runs(pid)).toBe(false)
        expect(probe.calls).toBe(1)
      })

      test('tells of a process that ended while no daemon ran', async () => {
        const { pid } = await start(shell('primary', 'echo last words; exec sleep 60'))
        await printed('primary', /last words/)
        supervisor.close()
        process.kill(pid, 'SIGKILL')
        await until('the process is dead', () => !runs(pid))
        supervisor = harness.open()
        const found = await supervisor.adopt('primary', ignore)
        expect(found).toMatchObject({ kind: 'ended', exit: { lastLines: ['last words'] } })
      })
    })

    describe('portOwner', () => {
      test('knows its own listener, a stranger, and nobody', async () => {
        const folder = tempDir()
        await start(bunProgram('primary', folder, listenerSource))
        const port = await portOf('primary')
        expect(await supervisor.portOwner('primary', port)).toEqual({ kind: 'own' })
        expect(await supervisor.portOwner('embed', port)).toMatchObject({
          kind: 'other',
          pid: expect.any(Number),
          command: expect.stringContaining('primary-'),
        })
        await supervisor.stop('primary', 1000)
        expect(await supervisor.portOwner('primary', port)).toEqual({ kind: 'none' })
      })

      test('takes the daemon itself for a stranger', async () => {
        const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
        try {
          expect(await supervisor.portOwner('primary', server.port)).toMatchObject({ kind: 'other', pid: process.pid })
        } finally {
          server.stop(true)
        }
      })

      test('sees a listener on every address, of either family', async () => {
        const folder = tempDir()
        await start(bunProgram('primary', folder, listenerSource, ['0.0.0.0']))
        const port = await portOf('primary')
        expect(await supervisor.portOwner('primary', port)).toEqual({ kind: 'own' })
        await start(bunProgram('embed', folder, listenerSource, ['::']))
        expect(await supervisor.portOwner('embed', await portOf('embed'))).toEqual({ kind: 'own' })
      })
    })

    describe('logs', () => {
      test('are the last lines, oldest first', async () => {
        await start(shell('primary', 'for i in $(seq 1000); do echo line $i; done; echo up; exec sleep 60'))
        await printed('primary', /^up$/m)
        expect(await supervisor.logs('primary', 3)).toEqual(['line 999', 'line 1000', 'up'])
        expect((await supervisor.logs('primary', 900))[0]).toBe('line 102')
      })

      test('are empty for a slot that never ran', async () => {
        expect(await supervisor.logs('nobody', 10)).toEqual([])
      })

      test('are followed line by line, from now on, until that is ended', async () => {
        const folder = tempDir()
        const script = `echo before; for n in one two three; do until [ -e ${folder}/$n ]; do sleep 0.02; done; printf %s $n; echo ' end'; done; exec sleep 60`
        await start(shell('primary', script))
        await printed('primary', /before/)
        const lines: string[] = []
        const end = supervisor.followLogs('primary', (line) => lines.push(line))
        const say = (word: string) => writeFileSync(join(folder, word), '')
        say('one')
        await until('the first line', () => lines.length === 1)
        say('two')
        await until('the second line', () => lines.length === 2)
        end()
        say('three')
        await printed('primary', /three end/)
        expect(lines).toEqual(['one end', 'two end'])
      })
    })

    test('forget leaves no log and no record, and is at ease where there is none', async () => {
      const probe = exitProbe()
      await start(shell('primary', 'echo hello'), probe.onExit)
      await probe.exit
      await supervisor.forget('primary')
      expect(await supervisor.logs('primary', 10)).toEqual([])
      expect(await supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
      await supervisor.forget('nobody')
    })

    test('close leaves the process running', async () => {
      const { pid } = await start(shell('primary', 'exec sleep 60'))
      restartDaemon()
      expect(runs(pid)).toBe(true)
    })
  })
}
