/** The host's programs that an installation needs. */
import { existsSync } from 'node:fs'
import { Hal0Error } from '../lib/hal0-error.ts'
import { findProgram } from '../system/systemd/unit/systemctl.ts'

export interface Answer {
  /** null: killed because it took too long. */
  code: number | null
  stdout: string
  stderr: string
}

/** The port to them, so that tests need neither users nor a systemd to change. */
export interface Programs {
  /** @throws Hal0Error `install.failed` when it is not installed, fails, or takes longer than 30 s @returns what it printed */
  run(name: string, args: readonly string[]): Promise<string>
  /** Like `run`, but a failure is an answer. @returns null when it is not installed */
  ask(name: string, args: readonly string[]): Promise<Answer | null>
}

const limitMs = 30_000

/** Searches the sbin folders too: administrators' programs are not on every PATH. */
const pathOf = (name: string): string | null =>
  findProgram(name) ?? ['/usr/sbin', '/sbin'].map((dir) => `${dir}/${name}`).find((path) => existsSync(path)) ?? null

const ask = async (name: string, args: readonly string[]): Promise<Answer | null> => {
  const path = pathOf(name)
  if (path === null) return null
  const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = process.env
  const child = Bun.spawn([path, ...args], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR },
    cwd: '/',
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: limitMs,
    killSignal: 'SIGKILL',
  })
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code: child.signalCode === null ? child.exitCode : null, stdout, stderr: stderr.trim() }
}

export const hostPrograms: Programs = {
  ask,
  async run(name, args) {
    const shown = [name, ...args].join(' ')
    const answer = await ask(name, args)
    if (answer?.code === 0) return answer.stdout
    let why = `did not end within ${limitMs / 1000} s`
    if (answer === null) why = 'is not installed. Install it'
    else if (answer.code !== null) why = `failed (${answer.stderr.split('\n').at(-1) || `exit status ${answer.code}`})`
    throw new Hal0Error('install.failed', `"${shown}" ${why}. Fix that, then run the same command again.`, {
      details: { command: shown, exit_code: answer?.code ?? null, output: answer?.stderr.slice(-2000) ?? '' },
    })
  },
}
