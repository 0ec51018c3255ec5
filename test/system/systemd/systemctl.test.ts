import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { makeSystemctl, refusalOf } from '../../../src/system/systemd/unit/systemctl.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { executable } from '../programs.ts'

const refused = async (work: Promise<unknown>): Promise<Hal0Error> => {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof Hal0Error) return error
  throw new Error(`expected a Hal0Error, got ${String(error)}`)
}

/** A systemctl that is a script. */
const fake = (script: string, timeoutMs?: number) =>
  makeSystemctl('system', executable(tempDir(), 'systemctl', `#!/bin/sh\n${script}\n`), timeoutMs)

describe('systemctl', () => {
  test('gets its arguments one by one, after the scope, and the environment that it needs', async () => {
    const systemctl = fake('for word in "$@"; do echo "<$word>"; done; echo "$LC_ALL"; env | grep -c SECRET; exit 3')
    process.env.SOME_SECRET = 'x'
    const answer = await systemctl.run(['start', 'a b; $(touch x)', "'"])
    delete process.env.SOME_SECRET
    expect(answer.stdout.split('\n')).toEqual([
      '<--system>',
      '<--no-ask-password>',
      '<--no-pager>',
      '<start>',
      '<a b; $(touch x)>',
      "<'>",
      'C',
      '0',
      '',
    ])
    expect(answer.code).toBe(3)
  })

  test('that hangs becomes an error after its time limit', async () => {
    const began = performance.now()
    const error = await refused(fake('exec sleep 60', 200).run(['show', 'x']))
    expect(performance.now() - began).toBeLessThan(5000)
    expect(error).toMatchObject({ code: 'supervisor.failed', details: { command: 'systemctl show x' } })
    expect(error.message).toContain('did not answer')
  })

  test('that hangs in a child process does so too', async () => {
    const began = performance.now()
    await refused(fake('sleep 20; true', 200).run(['show', 'x']))
    expect(performance.now() - began).toBeLessThan(5000)
  })

  test('that is missing leads to an error that says what to do', async () => {
    const error = await refused(makeSystemctl('system', join(tempDir(), 'none')).run(['show', 'x']))
    expect(error).toMatchObject({ code: 'supervisor.failed' })
    expect(error.message).toContain('--supervisor process')
  })
})

describe('a refusal of systemctl', () => {
  const cases: [string, RegExp][] = [
    ['Failed to start hal0-slot@a.service: Access denied', /polkit/],
    ['Failed to start hal0-slot@a.service: Interactive authentication required.', /polkit/],
    ['Failed to connect to bus: No such file or directory', /D-Bus/],
    ['Failed to start hal0-slot@a.service: Unit hal0-slot@a.service not found.', /hal0 setup/],
    ['Something else', /could not start .*Something else/],
    ['', /exit status 4/],
  ]
  for (const [stderr, sentence] of cases) {
    test(`that says "${stderr}" becomes a sentence`, () => {
      const error = refusalOf('hal0-slot@a.service', 'start', { code: 4, stdout: '', stderr })
      expect(error.code).toBe('supervisor.failed')
      expect(error.message).toMatch(sentence)
    })
  }
})
