/** Runs the command line as a process, like its users do. */
import { join } from 'node:path'

const root = join(import.meta.dir, '../../..')
export const main = join(root, 'src/main.ts')

interface Options {
  url?: string
  env?: Record<string, string>
  stdin?: string
  /** A command that runs it. */
  under?: string[]
}

/** The environment without variables that could change an outcome. */
const environment = ({ url, env }: Options): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  ...(url === undefined ? {} : { HAL0_URL: url }),
  ...env,
})

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** A running command; it is ended when disposed. */
export class Running implements Disposable {
  readonly #process: Bun.Subprocess<'pipe', 'pipe', 'pipe'>
  readonly outcome: Promise<Outcome>
  #stdout = ''
  #stderr = ''
  #waiting: { check: () => boolean; done: () => void; fail: (error: Error) => void }[] = []

  constructor(args: string[], options: Options = {}) {
    const child = Bun.spawn([...(options.under ?? []), process.execPath, main, ...args], {
      env: environment(options),
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    this.#process = child
    if (options.stdin !== undefined) child.stdin.write(options.stdin)
    child.stdin.end()
    const reading = [
      this.#read(child.stdout, (text) => (this.#stdout += text)),
      this.#read(child.stderr, (text) => (this.#stderr += text)),
    ]
    this.outcome = Promise.all([child.exited, ...reading]).then(([code]) => ({
      code: code as number,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
    // What was not printed by now never will be.
    void this.outcome.then((outcome) => {
      for (const { fail } of this.#waiting) fail(new Error(`the command has ended: ${JSON.stringify(outcome)}`))
    })
  }

  async #read(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      add(decoder.decode(chunk, { stream: true }))
      this.#waiting = this.#waiting.filter(({ check, done }) => {
        if (!check()) return true
        done()
        return false
      })
    }
  }

  #until(check: () => boolean): Promise<void> {
    return new Promise((done, fail) => {
      if (check()) done()
      else this.#waiting.push({ check, done, fail })
    })
  }

  /** Resolves once stdout contains `text`; rejects when the command ends without that. */
  printed(text: string): Promise<void> {
    return this.#until(() => this.#stdout.includes(text))
  }

  /** Resolves once stderr contains `text`; rejects when the command ends without that. */
  said(text: string): Promise<void> {
    return this.#until(() => this.#stderr.includes(text))
  }

  interrupt(): void {
    this.#process.kill('SIGINT')
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL')
  }
}

/** Runs a command to its end. */
export const hal0 = async (args: string[], options: Options = {}): Promise<Outcome> => {
  using running = new Running(args, options)
  return await running.outcome
}
