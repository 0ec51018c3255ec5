/** Calls systemctl: with argument arrays, by an absolute path, and for at most ten seconds. */
import { existsSync } from 'node:fs'
import { withDeadline } from '../../../lib/async/with-deadline.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'

/** Whose manager is called: the host's, or that of the user who runs the daemon. */
export type Scope = 'system' | 'user'

export interface Answer {
  code: number
  stdout: string
  stderr: string
}

const limitMs = 10_000
const pipesMs = 500
/** More than any answer needed here. */
const longestAnswerBytes = 1 << 20

/** Looks where distributions install it. PATH is not used: it comes from the daemon's environment, not from the administrator. */
export const findProgram = (name: string): string | null =>
  ['/usr/bin', '/bin', '/usr/local/bin', '/run/current-system/sw/bin']
    .map((folder) => `${folder}/${name}`)
    .find((path) => existsSync(path)) ?? null

const failed = (sentence: string, details: Record<string, unknown>): Hal0Error =>
  new Hal0Error('supervisor.failed', sentence, { details })

/** The port to systemctl, so that tests can put one in its place that hangs, refuses or is missing. */
export interface Systemctl {
  readonly scope: Scope
  /**
   * @param args after the scope, e.g. ['start', 'hal0-slot@primary.service']
   * @throws Hal0Error `supervisor.failed` when there is no systemctl or it does not answer within 10 s
   */
  run(args: readonly string[]): Promise<Answer>
}

/** @param path of the program; null: search where distributions install it, at each call */
export const makeSystemctl = (scope: Scope, path: string | null = null, timeoutMs = limitMs): Systemctl => ({
  scope,
  async run(args) {
    const program = path ?? findProgram('systemctl')
    const shown = ['systemctl', ...args].join(' ')
    if (program === null || !existsSync(program)) {
      throw failed('There is no systemctl on this machine. Start hal0 with --supervisor process.', { command: shown })
    }
    const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = process.env
    const child = Bun.spawn([program, `--${scope}`, '--no-ask-password', '--no-pager', ...args], {
      // LC_ALL, because its messages are parsed; and the last two, because the user's manager is found through them.
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', SYSTEMD_COLORS: '0', DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      maxBuffer: longestAnswerBytes,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    const code = await child.exited
    // A child process of systemctl that outlives it would keep the pipes open.
    const [stdout, stderr] = await withDeadline(output, pipesMs, ['', ''])
    if (child.signalCode !== null) {
      throw failed(
        `systemd did not answer "${shown}" within ${timeoutMs / 1000} s. Look at it with: systemctl status; try again when it answers.`,
        { command: shown, signal: child.signalCode },
      )
    }
    return { code, stdout, stderr: stderr.trim() }
  },
})

/** Turns a refusal of systemctl into an error. */
export const refusalOf = (unit: string, verb: string, { code, stderr }: Answer): Hal0Error => {
  const details = { unit, verb, exit_code: code, stderr }
  if (/access denied|authentication required|not authorized|permission denied/i.test(stderr)) {
    return failed(
      `hal0 is not allowed to ${verb} ${unit}: its polkit rule is missing or polkit is not installed. Run: sudo hal0 setup`,
      details,
    )
  }
  if (/failed to connect to bus|connection refused|host is down/i.test(stderr)) {
    return failed(
      `hal0 cannot reach systemd to ${verb} ${unit}: ${stderr}. Start D-Bus, or look at: hal0 doctor`,
      details,
    )
  }
  if (/not found|not loaded|bad-setting/i.test(stderr)) {
    return failed(`systemd does not know ${unit}: ${stderr}. Run: hal0 setup`, details)
  }
  return failed(`systemd could not ${verb} ${unit}: ${stderr === '' ? `exit status ${code}` : stderr}`, details)
}
