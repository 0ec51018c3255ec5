/** A terminal whose screen tests can read, in a tmux server of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from './run-cli.ts'

const tmuxProgram = Bun.which('tmux')

/** Why terminals cannot be tested here; null if they can. */
export const noTerminal = tmuxProgram === null ? 'tmux is not installed' : null

interface Options {
  columns?: number
  program?: string
}

export class Terminal implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'hal0-terminal-'))

  /**
   * Runs a CLI command in a terminal of 24 lines, which stays open after the command has ended, even after Ctrl-C.
   * @param options `columns`: 80 by default; `program`: an executable in place of the source
   */
  constructor(args: string[], env: Record<string, string>, { columns = 80, program }: Options = {}) {
    const hal0 = program === undefined ? [process.execPath, main] : [program]
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const command = ['env', '-u', 'NO_COLOR', '-u', 'CI', ...variables, ...hal0, ...args]
    this.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      String(columns),
      '-y',
      '24',
      'sh',
      '-c',
      'trap : INT; "$@"; echo "exit $?"; read line',
      'sh',
      ...command,
    )
  }

  get #program(): string[] {
    return [tmuxProgram ?? 'tmux', '-S', join(this.#folder, 'socket')]
  }

  #tmux(...args: string[]): string {
    const { stdout, stderr, success } = Bun.spawnSync([...this.#program, ...args], { env: process.env })
    if (!success) throw new Error(`tmux ${args[0]}: ${stderr.toString()}`)
    return stdout.toString()
  }

  /** Types text, or presses a key by its tmux name. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  /** The text on the screen, with colours as escape sequences. */
  screen(): string {
    return this.#tmux('capture-pane', '-p', '-e').trimEnd()
  }

  /** Resolves with the screen once it matches. tmux does not report changes, so this polls 50 times a second, by default for at most 10 s. */
  async shows(pattern: RegExp, withinMs = 10_000): Promise<string> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const screen = this.screen()
      if (pattern.test(screen)) return screen
      if (performance.now() > deadline) throw new Error(`the terminal never showed ${pattern}; it shows:\n${screen}`)
      await Bun.sleep(20)
    }
  }

  [Symbol.dispose](): void {
    // The server has already ended by itself.
    Bun.spawnSync([...this.#program, 'kill-server'])
    rmSync(this.#folder, { recursive: true })
  }
}
