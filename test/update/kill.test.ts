/** Wherever an update is killed, the old or the new version is complete, and the next update succeeds. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strace, tracedTest } from '../durability/kill-points/strace.ts'
import { Installation } from './support/installation.ts'
import { keyPair, programText, ReleaseServer } from './support/release-server.ts'

const child = join(import.meta.dir, 'support/update-child.ts')
const publicKey = keyPair.public.trim().split('\n').at(-1) ?? ''

let server: ReleaseServer
beforeAll(() => {
  server = new ReleaseServer()
  server.publish('0.3.0')
})
afterAll(() => server[Symbol.dispose]())

const runChild = async (root: string, killAt: number, wrapper: string[] = []) => {
  const process_ = Bun.spawn([...wrapper, process.execPath, child, root, server.url, publicKey, String(killAt)], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr, code] = await Promise.all([
    new Response(process_.stdout).text(),
    new Response(process_.stderr).text(),
    process_.exited,
  ])
  return { code, stdout, stderr }
}

/**
 * Runs an update from 0.2.0 to 0.3.0 that is killed, checks what it leaves, and runs the next one.
 * @returns whether the kill came before the update's end
 */
const killOnce = async (killAt: number, wrapper: (root: string) => string[] = () => []): Promise<boolean> => {
  const root = mkdtempSync(join(tmpdir(), 'hal0-test-'))
  try {
    const at = new Installation(root, '0.1.0', '0.2.0')
    writeFileSync(join(root, 'service.json'), '0.2.0')
    const first = await runChild(root, killAt, wrapper(root))
    // From here on, whatever the service manager starts is a complete version.
    expect([programText('0.2.0'), programText('0.3.0')]).toContain(at.program)
    const second = await runChild(root, 0)
    expect(second).toMatchObject({ code: 0, stderr: '' })
    expect(at.program).toBe(programText('0.3.0'))
    expect(readFileSync(join(root, 'service.json'), 'utf8')).toBe('0.3.0')
    expect(at.names).toEqual(['0.2.0', '0.3.0', 'current'])
    expect(at.dataIsUntouched).toBe(true)
    if (first.code === 0) return false
    expect(first.code).toBe(137)
    return true
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Kills at the first point, the second, and so on. @returns the number of points */
const sweep = async (kill: (count: number) => Promise<boolean>): Promise<number> => {
  for (let count = 1; ; count += 1) if (!(await kill(count))) return count - 1
}

test('an update killed before any of its outside calls', async () => {
  const kills = await sweep((count) => killOnce(count))
  console.log(`${kills} kills`)
  expect(kills).toBeGreaterThanOrEqual(9)
}, 120_000)

tracedTest(
  'an update killed before each system call that changes a name or makes it last',
  async () => {
    const total: string[] = []
    for (const calls of ['rename', 'symlink', 'fsync', 'mkdir,rmdir', 'unlink,unlinkat', 'fchmod,chmod']) {
      const kills = await sweep((count) =>
        killOnce(0, (root) => strace(calls, `signal=KILL:when=${count}`, join(root, 'trace'))),
      )
      total.push(`${calls}: ${kills}`)
      expect(kills).toBeGreaterThanOrEqual(1)
    }
    console.log(total.join(', '))
  },
  240_000,
)
