/** Somebody who has nothing but the executable: an empty folder for everything, and no daemon. */
import { onTestFinished } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary, killBelow } from './daemon.ts'
import { freePorts } from './free-ports.ts'

const portsOfSlots = 4

interface Options {
  env?: Record<string, string>
  /** Lines of hal0.toml before its `[slots]` table. */
  toml?: string
}

export interface Finished {
  code: number
  stdout: string
  stderr: string
}

export class Newcomer {
  /** HOME and HAL0_ROOT. */
  readonly root: string
  readonly env: Record<string, string>
  /** Free ports, the first of which no slot gets. */
  readonly port: number

  private constructor(root: string, port: number, env: Record<string, string>) {
    this.root = root
    this.port = port
    this.env = { PATH: process.env.PATH ?? '', HOME: root, HAL0_ROOT: root, NO_PROXY: '127.0.0.1', ...env }
  }

  /** Everything that is started below the folder is ended with the running test. Call it inside a test. */
  static async arrive({ env = {}, toml = '' }: Options = {}): Promise<Newcomer> {
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'hal0-newcomer-')))
    onTestFinished(async () => {
      await killBelow(root)
      rmSync(root, { recursive: true, force: true })
    })
    const port = await freePorts(portsOfSlots + 1)
    const newcomer = new Newcomer(root, port, env)
    mkdirSync(join(root, 'etc/hal0'), { recursive: true })
    writeFileSync(join(root, 'etc/hal0/hal0.toml'), `${toml}\n[slots]\nports = "${port + 1}-${port + portsOfSlots}"\n`)
    return newcomer
  }

  /** Path of a file below its data. */
  data(name: string): string {
    return join(this.root, 'var/lib/hal0', name)
  }

  /** A command that may still run; stdin is empty. */
  start(...args: string[]): Command {
    return new Command(args, this.env)
  }

  /** Runs a command to its end. */
  async run(...args: string[]): Promise<Finished> {
    return await this.start(...args).finished
  }

  /** @throws when the command fails */
  async must(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args)
    if (code !== 0) throw new Error(`hal0 ${args.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
  }

  /** What the daemon has recorded about itself; null: none has. */
  get daemon(): { url: string; pid: number } | null {
    const file = this.data('daemon.json')
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { url: string; pid: number }) : null
  }
}

class Command {
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
  readonly finished: Promise<Finished>
  #said = ''
  #waiting: { text: string; done: () => void }[] = []

  constructor(args: string[], env: Record<string, string>) {
    this.#child = Bun.spawn([binary, ...args], { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] })
    const reading = Promise.all([new Response(this.#child.stdout).text(), this.#listen(this.#child.stderr)])
    this.finished = Promise.all([this.#child.exited, reading]).then(([code, [stdout]]) => ({
      code,
      stdout,
      stderr: this.#said,
    }))
  }

  async #listen(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const bytes of stream) {
      this.#said += decoder.decode(bytes, { stream: true })
      for (const { text, done } of this.#waiting) if (this.#said.includes(text)) done()
    }
  }

  /** Resolves once stderr contains `text`. @throws when the command ends before */
  async said(text: string): Promise<void> {
    const heard = new Promise<void>((done) => {
      this.#waiting.push({ text, done })
      if (this.#said.includes(text)) done()
    })
    const ended = this.finished.then(({ code }) => {
      if (!this.#said.includes(text)) throw new Error(`it ended with ${code} and never said ${text}: ${this.#said}`)
    })
    await Promise.race([heard, ended])
  }

  interrupt(): void {
    this.#child.kill('SIGINT')
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
