import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { readStat } from '../../../src/system/proc/stat.ts'
import { markVariable } from '../../../src/system/process/family/instance-mark.ts'
import type { LaunchSpec } from '../../../src/system/supervisor.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'
import { executable, exitProbe, runs, shell } from '../programs.ts'
import type { Fixture } from './fixture.ts'

/** The error that a promise rejects with. */
const refusal = async (promise: Promise<unknown>): Promise<Hal0Error> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof Hal0Error) return error
  throw new Error(`expected a Hal0Error, got ${String(error)}`)
}

export const startContract = (at: Fixture): void => {
  describe('start', () => {
    test('passes arguments, environment and working folder byte for byte, with nothing added but the mark', async () => {
      const cwd = tempDir()
      const odd = ['', ' ', 'a\nb', '"\'`$HOME\\', '%i %I %%', '*', 'ünïcödé 🚀', '--x=\t', '#;&|<>']
      const env = { A: 'one\ntwo', QUOTES: `"'\\`, EMPTY: '', PATH: '/bin', DOLLAR: '$A $(A)', 'odd.name': 'ü=1' }
      const spec = { name: 'primary', argv: ['/bin/sh', '-c', 'while :; do sleep 1; done', ...odd], env, cwd }
      const { pid } = await at.start(spec)
      const raw = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').slice(0, -1)
      // For some microseconds during an exec, the kernel shows neither.
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

    test('gives the child no ignored signal, no descriptor of the daemon, and its own session', async () => {
      const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
      try {
        const { pid } = await at.start(shell('primary', 'exec sleep 60'))
        expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^SigIgn:\t0000000000000000$/m)
        expect(readdirSync(`/proc/${pid}/fd`)).toEqual(['0', '1', '2'])
        expect(readlinkSync(`/proc/${pid}/fd/0`)).toBe('/dev/null')
        expect(readStat(pid)?.session).toBe(pid)
      } finally {
        await server.stop(true)
      }
    })

    test('returns the pid and the time of the start', async () => {
      const before = Date.now()
      const { pid, startedAt } = await at.start(shell('primary', 'exec sleep 60'))
      expect(runs(pid)).toBe(true)
      expect(startedAt).toBeGreaterThanOrEqual(before - 1000)
      expect(startedAt).toBeLessThanOrEqual(Date.now() + 1000)
    })

    const folderSpec = (argv: string[], cwd = '/'): LaunchSpec => ({ name: 'primary', argv, env: {}, cwd })
    const unfit: [string, (folder: string) => LaunchSpec, RegExp][] = [
      ['a program that is not there', (dir) => folderSpec([`${dir}/none`]), /does not exist/],
      ['a folder', (dir) => folderSpec([dir]), /may not be executed/],
      ['a file without the execute permission', () => folderSpec(['/etc/passwd']), /may not be executed/],
      ['a script without its interpreter', (dir) => folderSpec([executable(dir, 'x', '#!/no/such\n')]), /interpreter/],
      ['a file that is no program', (dir) => folderSpec([executable(dir, 'x', 'plain\n')]), /not a program/],
      ['a relative path', () => folderSpec(['sleep', '1']), /does not exist/],
      ['a missing working folder', (dir) => folderSpec(['/bin/sleep', '1'], `${dir}/none`), /working folder/],
      ['an argument with a NUL byte', () => folderSpec(['/bin/sleep', '1\0']), /NUL/],
      ['an argument that is too long', () => folderSpec(['/bin/sleep', 'x'.repeat(1 << 20)]), /too long/],
    ]
    for (const [what, spec, sentence] of unfit) {
      test(`says why for ${what}, and the next start works`, async () => {
        const probe = exitProbe()
        const error = await refusal(at.start(spec(tempDir()), probe.onExit))
        expect(error.code).toBe('slot.spawn_failed')
        expect(error.message).toMatch(sentence)
        expect(error.details).toContainKeys(['argv0', 'errno'])
        const { pid } = await at.start(shell('primary', 'exec sleep 60'))
        expect(runs(pid)).toBe(true)
        expect(probe.calls).toBe(0)
      })
    }
  })
}
