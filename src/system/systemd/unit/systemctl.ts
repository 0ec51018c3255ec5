/** Calls systemctl: argument arrays, an absolute path, and never longer than ten seconds. */
import { existsSync } from 'node:fs'
import { withDeadline } from '../../../lib/async/with-deadline.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'

/** Whose manager is asked: that of the host, or that of the user who runs the daemon. */
export type Scope = 'system' | 'user'

export interface Answer {
  code: number
  stdout: string
  stderr: string
}

const limitMs = 10_000
const pipesMs = 500
/** More than any answer that is asked for here. */
const longestAnswerBytes = 1 << 20

/** Where distributions have it; PATH is not asked, since it is the daemon's environment and not the administrator's word. */
export const findProgram = (name: string): string | null =>
  ['/usr/bin', '/bin', '/usr/local/bin', '/run/current-system/sw/bin']
    .map((folder) => `${folder}/${name}`)
    .find((path) => existsSync(path)) ?? null

const failed = (sentence: string, details: Record<string, unknown>): Hal0Error =>
  new Hal0Error('supervisor.failed', sentence, { details })

/** The port to systemctl, so that one that hangs, refuses or is missing can be put in its place. */
export interface Systemctl {
  readonly scope: Scope
  /**
   * @param args after the scope, e.g. ['start', 'hal0-slot@primary.service']
   * @throws Hal0Error `supervisor.failed` when there is no systemctl or it does not answer within 10 s
   */
  run(args: readonly string[]): Promise<Answer>
}

/** @param path of the program; null: where distributions have it, looked for at each call */
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
      // Its sentences are read; and the user's manager is found by these two.
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
    // A child of its own that outlived it would hold the pipes open.
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

/** What a refusal of systemctl means. */
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
