/** A throw-away host with a real systemd, for tests (test/systemd/host). */

import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const script = join(import.meta.dir, '../systemd/host')
const root = join(import.meta.dir, '../..')
/**
 * Where every user of a host finds the checkout. Its own path may be inaccessible to them: with a clone below /root (mode 0700), six
 * tests failed that run the executable as another user.
 */
const checkout = '/opt/hal0-checkout'

/** Path of a file of the checkout for every user of a host. */
export const inHost = (path: string): string => join(checkout, relative(root, path))

/** Folders of this machine by their path in the host. */
export type Binds = Record<string, string>

/** Whether such a host can be booted here: root, with Debian's systemd and dbus. */
export const hasSystemdHost =
  process.getuid?.() === 0 && Bun.which('nsenter') !== null && (await Bun.file('/lib/systemd/systemd').exists())

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export interface ExecOptions {
  /** Milliseconds; 60 s by default. */
  timeoutMs?: number
  /** The user that runs the command; root by default. */
  user?: string
  env?: Record<string, string>
}

const run = async (argv: string[], timeoutMs: number): Promise<Outcome> => {
  const child = Bun.spawn(argv, {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, stdout, stderr }
}

export class SystemdHost {
  readonly name: string
  /** Path of the compiled executable in the host. */
  readonly binary = inHost(join(root, 'dist/hal0'))

  private constructor(name: string) {
    this.name = name
  }

  /** @param binds folders of this machine by their path in the host: what is written there stays */
  static async start(binds: Binds = {}): Promise<SystemdHost> {
    const name = `hal0-${process.pid}-${crypto.randomUUID().slice(-6)}`
    const host = new SystemdHost(name)
    await host.boot(binds)
    return host
  }

  /** Boots it (again: after a stop, this is a reboot; only what lies in `binds` is still there). */
  async boot(binds: Binds = {}): Promise<void> {
    // Under its own path too, for what root runs there: it may be in /tmp, and a host has its own /tmp.
    const all = { [root]: root, [checkout]: root, ...binds }
    const shared = Object.entries(all).flatMap(([to, from]) => ['--bind', `${from}:${to}`])
    const { code, stderr } = await run([script, 'start', this.name, ...shared], 30_000)
    if (code !== 0) throw new Error(`the host did not start: ${stderr}`)
  }

  /** Runs a command in the host. Never rejects for its exit status. */
  exec(argv: string[], { timeoutMs = 60_000, user, env = {} }: ExecOptions = {}): Promise<Outcome> {
    const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`)
    const asUser = user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups']
    return run([script, 'exec', this.name, '--', ...asUser, 'env', ...variables, ...argv], timeoutMs)
  }

  /** Like `exec`, for commands that must succeed. @returns what it printed @throws Error with its whole output */
  async must(argv: string[], options: ExecOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv, options)
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stdout}${stderr}`)
    return stdout
  }

  /** The path on this machine of a path in the host. */
  path(inside: string): string {
    const pid = readFileSync(`/run/hal0-test-hosts/${this.name}/pid`, 'utf8').trim()
    return `/proc/${pid}/root${inside}`
  }

  /** Waits until `done` resolves with true; a rejection counts as false. @throws Error after `limitMs` */
  async until(what: string, done: () => Promise<boolean>, limitMs = 30_000): Promise<void> {
    const end = performance.now() + limitMs
    while (!(await done().catch(() => false))) {
      if (performance.now() > end) throw new Error(`${what}: not within ${limitMs} ms`)
      await Bun.sleep(50)
    }
  }

  async stop(): Promise<void> {
    await run([script, 'stop', this.name], 30_000)
  }
}
