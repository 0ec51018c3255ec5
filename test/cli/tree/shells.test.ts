/** The completion in the shells themselves. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testWith } from '../../support/part.ts'
import { FakeApi } from '../support/fake-api.ts'
import { hal0, main } from '../support/run-cli.ts'
import { slot } from '../support/samples.ts'

const api = new FakeApi({ listSlots: () => [slot('primary', 'ready'), slot('printer', 'offline')] })
const folder = mkdtempSync(join(tmpdir(), 'hal0-shells-'))
const script = (shell: string): string => join(folder, shell)

beforeAll(async () => {
  writeFileSync(join(folder, 'hal0'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
  chmodSync(join(folder, 'hal0'), 0o755)
  writeFileSync(join(folder, 'model.gguf'), '')
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await hal0(['completion', shell])
    writeFileSync(script(shell), stdout)
  }
})
afterAll(() => {
  api[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

/** What one shell offers behind the words. */
const offered = async (command: string[]): Promise<string[]> => {
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, HAL0_URL: api.url }
  const shell = Bun.spawn(command, { env, cwd: folder, stdout: 'pipe', stderr: 'inherit', stdin: 'ignore' })
  return (await new Response(shell.stdout).text()).split('\n').filter((line) => line !== '')
}
const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ')

const shells: Record<string, (words: string[]) => string[]> = {
  bash: (words) => [
    'bash',
    '--norc',
    '-c',
    `. ${script('bash')}; COMP_WORDS=(${quoted(words)}); COMP_CWORD=${words.length - 1}; compopt() { [ "$*" != '-o default' ] || compgen -f mod; }; _hal0; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: (words) => [
    'zsh',
    '-f',
    '-c',
    `autoload -U compinit; compinit -u -D; . ${script('zsh')}; compadd() { while [ "$1" != -- ]; do shift; done; shift; print -l -- "$@" }; _files() { print -l -- mod*(N) }; words=(${quoted(words)}); CURRENT=${words.length}; $_comps[hal0]`,
  ],
  fish: (words) => ['fish', '--no-config', '-c', `source ${script('fish')}; complete -C ${quoted([words.join(' ')])}`],
}

for (const [shell, commandFor] of Object.entries(shells)) {
  describe(shell, () => {
    const here = testWith(shell, Bun.which(shell) !== null)
    here('completes commands, flags, and names that the daemon is asked for', async () => {
      expect(await offered(commandFor(['hal0', 'slot', 'lo']))).toEqual(['load', 'logs'])
      expect(await offered(commandFor(['hal0', 'slot', 'create', 'a', '--mo']))).toEqual(['--model'])
      expect(await offered(commandFor(['hal0', 'stop', 'pri']))).toEqual(['primary', 'printer'])
      expect(await offered(commandFor(['hal0', 'help', 'slot', 'sw']))).toEqual(['swap'])
      expect(await offered(commandFor(['hal0', 'stop', 'primary', '']))).toEqual([])
    })

    here('offers files where hal0 has no words', async () => {
      expect(await offered(commandFor(['hal0', 'model', 'import', 'mod']))).toEqual(['model.gguf'])
    })
  })
}

test('an unknown shell is wrong usage', async () => {
  const { code, stderr } = await hal0(['completion', 'bahs'])
  expect(code).toBe(2)
  expect(stderr).toContain("There is a completion for bash, zsh, fish, not for 'bahs'. Did you mean bash?")
})
