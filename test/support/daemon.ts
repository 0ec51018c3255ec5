/** The compiled hal0 for tests: with its own data folder and ports, and with everything that it started ended afterwards. */
import { onTestFinished } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Slot, SlotCreate } from '../../src/contract/slot-config.ts'
import type { Status } from '../../src/contract/system.ts'
import { isRunning, readStat } from '../../src/system/proc/stat.ts'
import { freePorts } from './free-ports.ts'

export const binary = join(import.meta.dir, '../../dist/hal0')

const portsOfSlots = 8
const readyWithinMs = 15_000

export interface DaemonOptions {
  /** Lines of hal0.toml before its `[slots]` table. */
  toml?: string
  env?: Record<string, string>
  cwd?: string
  /** Another copy of the executable. */
  program?: string
  /** An existing folder for its HAL0_ROOT, which is kept after the test; by default a new one. */
  root?: string
}

export interface Answer<T = unknown> {
  status: number
  headers: Headers
  /** The parsed JSON, or the text if it is not JSON; null when empty. */
  body: T
}

interface Envelope {
  error: { message: string; type: string; param: string | null; code: string; details: Record<string, unknown> }
}

/** The body of an error answer. @throws when it is not an error */
export const errorOf = ({ status, body }: Answer): Envelope['error'] => {
  const { error } = (body ?? {}) as Partial<Envelope>
  if (status < 400 || error === undefined) throw new Error(`no error: ${status} ${JSON.stringify(body)}`)
  return error
}

/** Live processes whose environment or command line contains `folder`: everything that was started below it. */
export const processesOf = (folder: string): number[] => {
  const names = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(folder)
    } catch {
      // It has ended, or belongs to another user and so was not started here.
      return false
    }
  }
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => names(pid, 'environ') || names(pid, 'cmdline'))
    .map(Number)
}

/** Sends SIGKILL; a process that has already ended is not an error. */
export const killNow = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Ends everything that was started below a folder, with SIGKILL. */
export const killBelow = async (folder: string): Promise<void> => {
  for (let left = processesOf(folder); left.length > 0; left = processesOf(folder)) {
    for (const pid of left) killNow(pid)
    await Bun.sleep(5)
  }
}

/** False once it has released everything, including its ports; a zombie is not alive. */
export const isAlive = (pid: number): boolean => {
  const stat = readStat(pid)
  return stat !== null && isRunning(stat)
}

/** Runs a command of the CLI to its end. */
export const runHal0 = async (
  args: string[],
  { program = binary, cwd = '/', env = {} }: DaemonOptions,
): Promise<{ code: number; stdout: string; stderr: string }> => {
  const child = Bun.spawn([program, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, stdout, stderr }
}

export class Daemon {
  /** Its HAL0_ROOT. */
  readonly root: string
  readonly port: number
  /** First of the ports that its slots get. */
  readonly slotPort: number
  readonly #options: DaemonOptions
  #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'> | null = null
  /** The child is strace, and the daemon its child. */
  #isTraced = false
  #stderr = ''
  #stdout = ''

  private constructor(root: string, port: number, options: DaemonOptions) {
    this.root = root
    this.port = port
    this.slotPort = port + 1
    this.#options = options
  }

  /** Starts a daemon that is ended with the running test. Call it inside a test. */
  static async start(options: DaemonOptions = {}): Promise<Daemon> {
    const daemon = await Daemon.prepare(options)
    await daemon.launch()
    return daemon
  }

  /** Like `start`, but leaves the launch to the test. */
  static async prepare(options: DaemonOptions = {}): Promise<Daemon> {
    if (!existsSync(binary)) throw new Error(`${binary} is not there: run npm run build`)
    const root = options.root ?? realpathSync(mkdtempSync(join(tmpdir(), 'hal0-e2e-')))
    const daemon = new Daemon(root, await freePorts(portsOfSlots + 1), options)
    onTestFinished(() => daemon.#dispose())
    mkdirSync(join(root, 'etc/hal0/slots'), { recursive: true })
    const ports = `${daemon.slotPort}-${daemon.port + portsOfSlots}`
    writeFileSync(join(root, 'etc/hal0/hal0.toml'), `${options.toml ?? ''}\n[slots]\nports = "${ports}"\n`)
    return daemon
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get pid(): number {
    if (this.#child === null) throw new Error('the daemon does not run')
    const { pid } = this.#child
    if (!this.#isTraced) return pid
    const traced = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]
    if (traced === undefined || traced === '') throw new Error('the daemon has ended')
    return Number(traced)
  }

  /** Its exit status once it has ended: 128 and the signal's number after a signal. */
  get exited(): Promise<number> {
    if (this.#child === null) throw new Error('the daemon does not run')
    return this.#child.exited
  }

  /** What it wrote to stderr, over all its launches. */
  get stderr(): string {
    return this.#stderr
  }

  /** What it wrote to stdout until it said that it listens, in its last launch. */
  get stdout(): string {
    return this.#stdout
  }

  get env(): Record<string, string> {
    return { HAL0_ROOT: this.root, HAL0_URL: this.url, ...this.#options.env }
  }

  /**
   * Starts the process.
   * @param under a command that runs it: strace, or one that replaces itself with it (setpriv)
   * @returns milliseconds until it said that it listens
   * @throws when it ends before that
   */
  async launch(under: string[] = []): Promise<number> {
    const began = performance.now()
    const { program = binary, cwd = '/' } = this.#options
    const child = Bun.spawn([...under, program, 'serve', '--port', String(this.port), '--supervisor', 'process'], {
      cwd,
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#isTraced = under[0]?.endsWith('strace') === true
    void this.#collect(child.stderr).catch((error: unknown) => {
      this.#stderr += `(its stderr broke: ${error})\n`
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), readyWithinMs)
    this.#stdout = ''
    for await (const bytes of child.stdout) {
      this.#stdout += new TextDecoder().decode(bytes)
      if (this.#stdout.includes('listens on')) break
    }
    clearTimeout(timer)
    if (!this.#stdout.includes('listens on')) {
      await child.exited
      await Bun.sleep(20)
      throw new Error(
        `the daemon did not come up (${child.exitCode ?? child.signalCode}): ${this.#stdout}\n${this.#stderr}`,
      )
    }
    return performance.now() - began
  }

  /** Ends the process and waits for its end. @returns its exit status; null when there was none */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child
    if (child === null) return null
    if (child.exitCode === null && child.signalCode === null) process.kill(this.pid, signal)
    const code = await child.exited
    this.#child = null
    return code
  }

  /** kill -9 and a new launch on the same port. @returns milliseconds until the new one listens */
  async restart(): Promise<number> {
    await this.kill()
    return this.launch()
  }

  async call<T = unknown>(method: string, path: string, body?: unknown, init: RequestInit = {}): Promise<Answer<T>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...init,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...init.headers },
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text || null) as T }
  }

  /** Like `call`. @throws when the answer is an error */
  async must<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call<T>(method, path, body)
    if (answer.status < 400) return answer.body
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}\n${this.#stderr}`)
  }

  /** Registers the GGUF in place, and creates a slot for it. */
  async addSlot(model: string, settings: SlotCreate): Promise<Slot> {
    const id = settings.model ?? 'tiny'
    const known = await this.call('GET', `/api/models/${id}`)
    if (known.status === 404) await this.must('POST', '/api/models', { path: model, id, link: true })
    return this.must<Slot>('POST', '/api/slots', { ...settings, model: id })
  }

  command(name: string, verb: string, waitS: number | null = 20, body?: unknown): Promise<Answer<Slot>> {
    return this.call<Slot>('POST', `/api/slots/${name}/${verb}${waitS === null ? '' : `?wait=${waitS}`}`, body)
  }

  /** Loads the slot. @returns the pid of its backend */
  async load(name = 'primary'): Promise<number> {
    const { state } = await this.must<Slot>('POST', `/api/slots/${name}/load?wait=30`)
    if (state.pid === null) throw new Error(`slot ${name} has no pid: ${JSON.stringify(state)}`)
    return state.pid
  }

  /** The key between hal0 and the running backend of a slot. */
  backendKey(name = 'primary'): string {
    return readFileSync(join(this.root, 'var/lib/hal0/slots', name, 'backend-key'), 'utf8').trim()
  }

  async state(name = 'primary'): Promise<Slot['state']> {
    return (await this.must<Slot>('GET', `/api/slots/${name}`)).state
  }

  status(): Promise<Status> {
    return this.must<Status>('GET', '/api/status')
  }

  chat(body: Record<string, unknown> = {}, init: RequestInit = {}): Promise<Answer> {
    const messages = [{ role: 'user', content: 'Hello' }]
    return this.call('POST', '/v1/chat/completions', { model: 'primary', messages, max_tokens: 4, ...body }, init)
  }

  /** Live pids of everything started below its root, except the daemon itself: the backends. */
  backends(): number[] {
    return processesOf(this.root).filter((pid) => pid !== this.#child?.pid)
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const bytes of stream) this.#stderr += decoder.decode(bytes, { stream: true })
  }

  async #dispose(): Promise<void> {
    await this.kill()
    await killBelow(this.root)
    if (this.#options.root === undefined) rmSync(this.root, { recursive: true, force: true })
  }
}
