/** install.sh with a test web server, and a script in place of the executable. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ReleaseTarget, releaseTargets } from '../../src/contract/release.ts'
import { targetOf } from '../../src/update/release/target.ts'
import { testWith } from '../support/part.ts'
import { tempDir } from '../support/temp-dir.ts'
import { ReleaseServer, sha256 } from './support/release-server.ts'

const script = join(import.meta.dir, '../../install.sh')
const here = targetOf({
  platform: process.platform,
  arch: process.arch,
  cpuinfo: readFileSync('/proc/cpuinfo', 'utf8'),
})
const found = (name: string) => Bun.which(name) !== null
const curlTest = testWith('curl on PATH', found('curl'))
const wgetTest = testWith('wget on PATH', found('wget'))

let server: ReleaseServer
let folder: string
beforeEach(() => {
  server = new ReleaseServer()
  folder = tempDir()
  mkdirSync(join(folder, 'tmp'))
  mkdirSync(join(folder, 'bin'))
  for (const tool of ['uname', 'grep', 'mktemp', 'rm', 'sha256sum', 'wc', 'cut', 'mv', 'chmod']) {
    symlinkSync(Bun.which(tool) ?? tool, join(folder, 'bin', tool))
  }
  publish()
})
afterEach(() => server[Symbol.dispose]())

const nameOf = (target: ReleaseTarget) => `hal0-1.2.3-${target}`
/** Records its arguments and its name. */
const programOf = (target: ReleaseTarget) =>
  `#!/bin/sh\nprintf '%s\\n' '${target}' "$@" >"$RESULT"\ncase $2 in --fail) exit 7 ;; esac\n`

const publish = () => {
  for (const target of releaseTargets) server.files.set(nameOf(target), programOf(target))
  server.files.set(
    'SHA256SUMS',
    releaseTargets.map((target) => `${sha256(programOf(target))}  ${nameOf(target)}\n`).join(''),
  )
}

/** Replaces one of the system's programs with a stand-in. */
const replaceTool = (name: string, text: string) => {
  const path = join(folder, 'bin', name)
  Bun.spawnSync(['rm', '-f', path])
  writeFileSync(path, text)
  chmodSync(path, 0o755)
}

interface Outcome {
  code: number
  stderr: string
  /** The target and arguments of the executable's run; null: it was not run. */
  ran: string[] | null
}

/** @param loader the program to download with; null: none */
const install = async (loader: 'curl' | 'wget' | null, args: string[] = [], text?: string): Promise<Outcome> => {
  const link = join(folder, 'bin', loader ?? '')
  if (loader !== null && !existsSync(link)) symlinkSync(Bun.which(loader) ?? loader, link)
  const result = join(folder, 'result')
  const child = Bun.spawn([Bun.which('dash') ?? '/bin/sh', '-s', '--', ...args], {
    env: {
      PATH: join(folder, 'bin'),
      TMPDIR: join(folder, 'tmp'),
      HAL0_RELEASES: server.url.replace('manifest.json', ''),
      RESULT: result,
    },
    stdin: Buffer.from(text ?? readFileSync(script, 'utf8')),
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  const ran = existsSync(result) ? readFileSync(result, 'utf8').trim().split('\n') : null
  // Whatever the outcome, nothing is left behind.
  expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  return { code, stderr, ran }
}

curlTest('the executable for this machine is downloaded, checked, and sets itself up', async () => {
  expect(await install('curl', ['--user', '--yes'])).toMatchObject({
    code: 0,
    ran: [here ?? '', 'setup', '--user', '--yes'],
  })
})

wgetTest('wget does where there is no curl', async () => {
  expect(await install('wget', ['--yes'])).toMatchObject({ code: 0, ran: [here ?? '', 'setup', '--yes'] })
})

test('without both it says what is missing', async () => {
  expect(await install(null)).toMatchObject({
    code: 1,
    ran: null,
    stderr: expect.stringContaining('Neither curl nor wget'),
  })
})

curlTest('the exit status is that of setup', async () => {
  expect(await install('curl', ['--fail'])).toMatchObject({ code: 7 })
})

curlTest('processors without AVX2, and others, get their own executable', async () => {
  replaceTool('uname', '#!/bin/sh\ncase $1 in -s) echo Linux ;; *) echo x86_64 ;; esac\n')
  replaceTool('grep', `#!/bin/sh\ncase $* in *avx2*) exit 1 ;; esac\nexec ${Bun.which('grep')} "$@"\n`)
  expect((await install('curl')).ran?.[0]).toBe('linux-x64-baseline')
  replaceTool('grep', `#!/bin/sh\ncase $* in *avx2*) exit 0 ;; esac\nexec ${Bun.which('grep')} "$@"\n`)
  expect((await install('curl')).ran?.[0]).toBe('linux-x64')
  replaceTool('uname', '#!/bin/sh\ncase $1 in -s) echo Linux ;; *) echo aarch64 ;; esac\n')
  expect((await install('curl')).ran?.[0]).toBe('linux-arm64')
  replaceTool('uname', '#!/bin/sh\ncase $1 in -s) echo Linux ;; *) echo mips ;; esac\n')
  expect(await install('curl')).toMatchObject({ code: 1, stderr: expect.stringContaining('(mips)') })
})

const refused: { what: string; why: string; prepare(): void }[] = [
  {
    what: 'an executable that was changed',
    why: 'is not what SHA256SUMS says',
    prepare() {
      for (const target of releaseTargets)
        server.files.set(nameOf(target), programOf(target).replace('exit 7', 'exit 8'))
    },
  },
  {
    what: 'an executable that was cut off',
    why: 'is not what SHA256SUMS says',
    prepare() {
      for (const target of releaseTargets) server.files.set(nameOf(target), programOf(target).slice(0, 40))
    },
  },
  {
    what: 'an executable without a checksum',
    why: 'has no line for',
    prepare: () => server.files.set('SHA256SUMS', `${'0'.repeat(64)}  hal0-1.2.3-plan9-x64\n`),
  },
  {
    what: 'a name that leads elsewhere',
    why: 'has no line for',
    prepare: () => server.files.set('SHA256SUMS', `${'0'.repeat(64)}  hal0-../../1.2.3-${here}\n`),
  },
  {
    what: 'two executables for one machine',
    why: 'has more than one line',
    prepare: () =>
      server.files.set('SHA256SUMS', `${'0'.repeat(64)}  hal0-1.2.3-${here}\n${'0'.repeat(64)}  hal0-1.2.4-${here}\n`),
  },
  {
    what: 'an executable that is not there',
    why: 'could not be downloaded',
    prepare() {
      for (const target of releaseTargets) server.files.delete(nameOf(target))
    },
  },
  { what: 'no SHA256SUMS', why: 'could not be downloaded', prepare: () => server.files.delete('SHA256SUMS') },
]

for (const { what, why, prepare } of refused) {
  curlTest(`refused, and nothing is run: ${what}`, async () => {
    prepare()
    expect(await install('curl')).toMatchObject({ code: 1, ran: null, stderr: expect.stringContaining(why) })
  })
}

curlTest('a script that was cut off anywhere runs nothing', async () => {
  const text = readFileSync(script, 'utf8').trimEnd()
  const lastLine = text.lastIndexOf('\n') + 1
  const cuts = [...Array(lastLine).keys()].filter((length) => length % 331 === 200)
  for (let length = lastLine; length < text.length; length += 1) cuts.push(length)
  for (const length of cuts) expect(await install('curl', [], text.slice(0, length))).toMatchObject({ ran: null })
  expect(server.asked).toEqual([])
  expect(await install('curl', [], text)).toMatchObject({ code: 0 })
})

test('the script is plain POSIX: dash reads it', () => {
  expect(Bun.spawnSync([Bun.which('dash') ?? '/bin/sh', '-n', script]).exitCode).toBe(0)
})

testWith('shellcheck on PATH', found('shellcheck'))('shellcheck has nothing to say', () => {
  const { exitCode, stdout } = Bun.spawnSync(['shellcheck', '--shell=sh', script])
  expect({ exitCode, said: stdout.toString() }).toEqual({ exitCode: 0, said: '' })
})
