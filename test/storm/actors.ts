/** Who makes the storm: one user for each slot, one who pulls, and one who kills the daemon. Each remembers what was acknowledged. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pull } from '../../src/contract/models/pull.ts'
import type { Slot, SlotConfig } from '../../src/contract/slot-config.ts'
import { type Answer, type Daemon, killNow } from '../support/daemon.ts'
import { processesOf } from './observers.ts'

export interface Storm {
  daemon: Daemon
  random: () => number
  over: () => boolean
  /** What was lost or mistaken. */
  faults: string[]
  /** How often each thing was done. */
  done: Record<string, number>
}

const pick = <T>({ random }: Storm, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T

/** null: nobody answered, so it is not known what happened. */
const ask = async <T>(storm: Storm, method: string, path: string, body?: unknown): Promise<Answer<T> | null> => {
  try {
    return await storm.daemon.call<T>(method, path, body)
  } catch {
    return null
  }
}

/** Like `ask`, until somebody answers: the daemon comes up again by itself. For questions that change nothing. */
const learn = async <T>(storm: Storm, path: string): Promise<Answer<T>> => {
  for (const end = performance.now() + 30_000; ; await Bun.sleep(50)) {
    const answer = await ask<T>(storm, 'GET', path)
    if (answer !== null && answer.status < 500) return answer
    if (performance.now() > end) throw new Error(`nobody answers GET ${path}\n${storm.daemon.stderr}`)
  }
}

const loaded = ['ready', 'serving', 'idle']
/** Longest time until an acknowledged command is done: a crash in a load, a stop, a load of llama.cpp, all on a busy machine. */
const settleMs = 60_000

/** What was acknowledged last and nothing contradicted since. `null`: not known. */
interface Promised {
  state: 'loaded' | 'offline' | null
  model: string | null
  config: Partial<SlotConfig>
}

const verbs = ['load', 'restart', 'unload', 'swap'] as const
const acts = [...verbs, ...verbs, 'chat', 'chat', 'edit', 'edit by hand', 'kill backend', 'settle', 'settle'] as const

export class SlotUser {
  readonly #storm: Storm
  readonly #name: string
  readonly #models: readonly string[]
  readonly #onDemand: boolean
  readonly promised: Promised = { state: null, model: null, config: {} }

  constructor(storm: Storm, name: string, { models, onDemand }: { models: readonly string[]; onDemand: boolean }) {
    this.#storm = storm
    this.#name = name
    this.#models = models
    this.#onDemand = onDemand
  }

  async run(): Promise<void> {
    const { random, over, done } = this.#storm
    while (!over()) {
      const act = pick(this.#storm, acts)
      done[act] = (done[act] ?? 0) + 1
      await this.#do(act)
      await Bun.sleep(random() * 300)
    }
  }

  async #do(act: (typeof acts)[number]): Promise<void> {
    switch (act) {
      case 'settle':
        return this.settle()
      case 'chat':
        return this.#chat()
      case 'edit':
        return this.#edit()
      case 'edit by hand':
        return this.#editByHand()
      case 'kill backend':
        return this.#killBackend()
      default:
        return this.#command(act)
    }
  }

  async #command(verb: (typeof verbs)[number]): Promise<void> {
    const model = pick(this.#storm, this.#models)
    const body = verb === 'swap' ? { model } : undefined
    const answer = await ask<Slot>(this.#storm, 'POST', `/api/slots/${this.#name}/${verb}`, body)
    if (answer === null || answer.status >= 500) this.#forget(verb === 'swap')
    else if (answer.status === 202) {
      this.promised.state = verb === 'unload' ? 'offline' : 'loaded'
      if (verb === 'swap') this.promised.model = model
    }
  }

  /** What a command without an answer has done is not known. */
  #forget(model: boolean): void {
    this.promised.state = null
    if (model) this.promised.model = null
  }

  async #chat(): Promise<void> {
    const body = { model: this.#name, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 4 }
    const answer = await ask(this.#storm, 'POST', '/v1/chat/completions', body)
    // A request loads an offline slot that is loaded on demand; only an answer shows whether it came that far.
    if (this.#onDemand && this.promised.state === 'offline')
      this.promised.state = answer?.status === 200 ? 'loaded' : null
  }

  async #edit(): Promise<void> {
    const queue_length = 1 + Math.floor(this.#storm.random() * 1000)
    const answer = await ask<Slot>(this.#storm, 'PATCH', `/api/slots/${this.#name}`, { queue_length })
    if (answer === null) delete this.promised.config.queue_length
    else if (answer.status === 200) this.promised.config.queue_length = queue_length
  }

  /** As an editor does it: a new file beside the old one, and a rename. */
  async #editByHand(): Promise<void> {
    const { daemon, random } = this.#storm
    const file = join(daemon.root, 'etc/hal0/slots', `${this.#name}.toml`)
    const max_in_flight = 1 + Math.floor(random() * 1000)
    const line = `max_in_flight = ${max_in_flight}`
    const text = readFileSync(file, 'utf8')
    const next = /^max_in_flight = .*$/m.test(text) ? text.replace(/^max_in_flight = .*$/m, line) : `${line}\n${text}`
    writeFileSync(`${file}~`, next)
    renameSync(`${file}~`, file)
    // An edit of the API's at the same moment may win: whoever edits by hand and by API at once cannot say who was last.
    const body = await this.#look()
    if (body.config.max_in_flight === max_in_flight) this.promised.config.max_in_flight = max_in_flight
    else this.#storm.faults.push(`${this.#name}: ${line} was written by hand, and ${body.config.max_in_flight} counts`)
  }

  async #killBackend(): Promise<void> {
    const before = (await this.#look()).state
    const [pid] = processesOf(this.#storm.daemon, this.#name)
    if (pid === undefined) return
    // The slot loads again by itself, unless it has crashed too often: neither is promised.
    this.promised.state = null
    killNow(pid)
    // Until hal0 has seen it, a load would join the one that has just been killed.
    for (const end = performance.now() + 5000; performance.now() < end; await Bun.sleep(20)) {
      const { state, seq, pid: running } = (await this.#look()).state
      if (state === 'error' || state === 'offline' || (seq > before.seq && running !== pid)) return
    }
  }

  async #look(): Promise<Slot> {
    return (await learn<Slot>(this.#storm, `/api/slots/${this.#name}`)).body
  }

  /** Waits for what was acknowledged. */
  async settle(): Promise<void> {
    const { state: wanted, model, config } = this.promised
    const end = performance.now() + settleMs
    for (;;) {
      const body = await this.#look()
      const { state } = body
      const there =
        wanted === null ||
        ((wanted === 'offline' ? state.state === 'offline' : loaded.includes(state.state)) &&
          (wanted === 'offline' || model === null || state.model === model))
      if (there) {
        const shown = JSON.stringify({ ...body.config, ...config })
        if (shown !== JSON.stringify(body.config)) {
          this.#storm.faults.push(
            `${this.#name}: ${JSON.stringify(config)} was acknowledged, ${JSON.stringify(body.config)} counts`,
          )
        }
        return
      }
      if (performance.now() > end) {
        this.#storm.faults.push(`${this.#name} shall be ${wanted} with ${model}: it is ${JSON.stringify(state)}`)
        this.promised.state = null
        return
      }
      await Bun.sleep(50)
    }
  }
}

/** Pulls one file after the other under new ids, cancels some, and expects each that was accepted and not cancelled. */
export class Puller {
  readonly #storm: Storm
  readonly #repo: string
  readonly #files: readonly string[]
  readonly accepted = new Map<string, string>()

  constructor(storm: Storm, repo: string, files: readonly string[]) {
    this.#storm = storm
    this.#repo = repo
    this.#files = files
  }

  async run(): Promise<void> {
    for (let no = 1; !this.#storm.over(); no++) {
      const file = pick(this.#storm, this.#files)
      const id = `pulled-${no}`
      const answer = await ask<Pull>(this.#storm, 'POST', `/api/models/${id}/pull`, { repo: this.#repo, file })
      if (answer?.status === 202) {
        this.#storm.done.pull = (this.#storm.done.pull ?? 0) + 1
        if (this.#storm.random() < 0.3) await ask(this.#storm, 'DELETE', `/api/models/${id}/pull?discard=true`)
        else this.accepted.set(id, file)
      }
      await Bun.sleep(500 + this.#storm.random() * 1500)
    }
  }

  /** Every accepted pull ends as a model that verifies. */
  async settle(): Promise<void> {
    const end = performance.now() + settleMs
    for (const id of this.accepted.keys()) {
      while ((await learn(this.#storm, `/api/models/${id}`)).status === 404 && performance.now() < end)
        await Bun.sleep(100)
      const verified = await ask<{ ok: boolean }>(this.#storm, 'POST', `/api/models/${id}/verify`)
      if (verified?.status === 200 && verified.body.ok) continue
      const pull = await ask<Pull>(this.#storm, 'GET', `/api/models/${id}/pull`)
      this.#storm.faults.push(
        `the pull of ${id} was accepted: ${JSON.stringify(verified?.body)}, ${JSON.stringify(pull?.body)}`,
      )
    }
  }
}

/** Ends the daemon, mostly with kill -9, and starts the next. */
export const killDaemons = async (storm: Storm, everyMs: number, died: (at: number) => void): Promise<void> => {
  const { daemon, random, over, done } = storm
  for (;;) {
    for (const next = performance.now() + everyMs * (0.5 + random()); performance.now() < next; ) {
      if (over()) return
      await Bun.sleep(50)
    }
    const signal = random() < 0.75 ? 'SIGKILL' : 'SIGTERM'
    done[signal] = (done[signal] ?? 0) + 1
    await daemon.kill(signal)
    died(performance.now())
    await daemon.launch()
  }
}
