import { describe, expect, test } from 'bun:test'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPaths, slotDir } from '../../../src/system/paths.ts'
import {
  launchFile,
  launchRecord,
  parseLaunchRecord,
  readLaunchRecord,
  writeLaunchRecord,
} from '../../../src/system/systemd/launch-file.ts'
import { launchErrno, launchStatus } from '../../../src/system/systemd/launch-outcome.ts'
import { tempDir } from '../../support/temp-dir.ts'

const program = join(import.meta.dir, '../../../src/main.ts')
const spec = {
  name: 'primary',
  argv: ['/bin/sh', '-c', 'printf "%s|" "$0" "$@" "$A"; exit 7', 'a\nb', '"\'$x'],
  env: { A: 'one\ntwo' },
  cwd: '/',
}

/** A slot with this launch file, executed as its unit would. */
const execute = async (text: string | null) => {
  const root = tempDir()
  const paths = findPaths({ HAL0_ROOT: root }, false)
  mkdirSync(slotDir(paths, 'primary'), { recursive: true })
  if (text !== null) writeFileSync(launchFile(slotDir(paths, 'primary')), text)
  const child = Bun.spawn([process.execPath, program, 'slot-exec', 'primary'], {
    env: { HAL0_ROOT: root, LEFT: 'behind' },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, stdout, stderr }
}
const recordText = (changes: object = {}): string => JSON.stringify({ ...launchRecord(spec, spec.env, 1), ...changes })

describe('hal0 slot-exec', () => {
  test('becomes the program, with its arguments and environment and nothing else', async () => {
    expect(await execute(recordText())).toEqual({ code: 7, stdout: 'a\nb|"\'$x|one\ntwo|', stderr: '' })
    const { stdout } = await execute(recordText({ argv: ['/usr/bin/env'], env: { ONLY: 'this' } }))
    expect(stdout).toBe('ONLY=this\n')
  })

  const failures: [string, string | null, string][] = [
    ['without a launch file', null, 'ELAUNCH'],
    ['with a torn one', '{"argv": ["/bin', 'ELAUNCH'],
    ['with one of another shape', '{"argv": []}', 'ELAUNCH'],
    ['for a program that is not there', recordText({ argv: ['/no/such'] }), 'ENOENT'],
    ['for a folder', recordText({ argv: ['/etc'] }), 'EACCES'],
    ['for a folder to work in that is not there', recordText({ cwd: '/no/such' }), 'ENOENT'],
    ['for a file of another kind', recordText({ argv: ['/etc/passwd'] }), 'EACCES'],
  ]
  for (const [what, text, errno] of failures) {
    test(`${what} says why and ends with a special status`, async () => {
      const { code, stderr } = await execute(text)
      expect(launchErrno(code)).toBe(errno)
      expect(stderr).toStartWith('hal0 slot-exec: ')
    })
  }
})

describe('the status of a failed launch', () => {
  test('differs from that of a backend', () => {
    for (const status of [0, 1, 127, 137, 143, 203, 217, 255]) expect(launchErrno(status)).toBeNull()
    expect(launchErrno(launchStatus('E2BIG'))).toBe('E2BIG')
    expect(launchErrno(launchStatus('ESOMETHING'))).toBe('')
  })
})

describe('a launch file', () => {
  test('has what was requested, readable by the backends’ group', async () => {
    const folder = join(tempDir(), 'primary')
    await writeLaunchRecord(folder, 'primary', launchRecord(spec, spec.env, 5))
    expect(await readLaunchRecord(folder)).toMatchObject({ argv: spec.argv, env: spec.env, cwd: '/', started_at: 5 })
    expect(statSync(launchFile(folder)).mode & 0o777).toBe(0o640)
  })

  test('that is missing or torn does not count', async () => {
    const folder = tempDir()
    expect(await readLaunchRecord(folder)).toBeNull()
    writeFileSync(launchFile(folder), '{')
    expect(await readLaunchRecord(folder)).toBeNull()
    expect(() => parseLaunchRecord('{"argv":["/x"]}')).toThrow('not a launch record')
  })
})
