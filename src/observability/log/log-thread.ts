/** The daemon's end of the thread of the database: sends it messages, and finds the answer to each. A thread that dies is replaced. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { databaseFile, oldDecisionsDir, type Paths } from '../../system/paths.ts'
import type { Bounds } from '../database/log-database.ts'
import type { FromLog, Question, Questions, ToLog } from './messages.ts'

/** The part of a Worker that is used. */
export type Thread = Pick<Worker, 'postMessage' | 'terminate' | 'onmessage' | 'onerror'>

export interface LogPlace {
  /** hal0.db */
  path: string
  /** Where an earlier hal0 kept its decisions; they are imported once. */
  oldFolder: string
  bounds: Bounds
}

/** The place in an installation. */
export const logPlace = (paths: Paths, bounds: Bounds): LogPlace => ({
  path: databaseFile(paths),
  oldFolder: oldDecisionsDir(paths),
  bounds,
})

/** How the database took what it was sent. `failed`: the thread ended. */
export interface Report extends Omit<Extract<FromLog, { say: 'opened' }>, 'say'> {
  say: 'opened' | 'added' | 'failed'
}

interface Asking {
  resolve(answer: unknown): void
  reject(error: Error): void
}

/** Questions that may be waiting for their answers, all callers together. */
const maxAsked = 32
const threadFailed = 'its thread has ended'

export class LogThread {
  readonly #start: () => Thread
  readonly #place: LogPlace
  readonly #onReport: (report: Report) => void
  #thread: Thread | null = null
  readonly #asked = new Map<number, Asking>()
  #lastId = 0
  #onClosed: () => void = () => {}

  /**
   * @param start starts a thread that runs `serve-log.ts`
   * @param onReport is called once for the opening of the database, and once for each `add`
   */
  constructor(start: () => Thread, place: LogPlace, onReport: (report: Report) => void) {
    this.#start = start
    this.#place = place
    this.#onReport = onReport
  }

  /** Starts the thread and opens the database, which is reported. */
  open(): void {
    const thread = this.#start()
    this.#thread = thread
    thread.onmessage = ({ data }: MessageEvent<FromLog>) => this.#hear(data)
    thread.onerror = (event) => this.#failed(event.message)
    this.#say({ say: 'open', ...this.#place })
  }

  /** Stores rows, which is reported. @param what arrays as JSON */
  add(what: Omit<Extract<ToLog, { say: 'add' }>, 'say'>): void {
    // A new thread reports that it has opened the database, and then about these.
    if (this.#thread === null) this.open()
    this.#say({ say: 'add', ...what })
  }

  /** @throws Hal0Error `daemon.busy` when many ask at once; Error why the database cannot be read */
  async ask<K extends keyof Questions>(kind: K, about: Questions[K]['about']): Promise<Questions[K]['answer']> {
    if (this.#asked.size >= maxAsked) {
      throw new Hal0Error(
        'daemon.busy',
        `${maxAsked} queries of the log are being answered, the most at the same time. Try again in a second.`,
      )
    }
    if (this.#thread === null) throw new Error(threadFailed)
    const id = ++this.#lastId
    const answer = await new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject })
      this.#say({ say: 'ask', id, question: { kind, about } as Question })
    })
    return answer as Questions[K]['answer']
  }

  /** Resolves when the database is closed. @param inOrder every id that was used is in it */
  async close(inOrder: boolean): Promise<void> {
    if (this.#thread === null) return
    await new Promise<void>((resolve) => {
      this.#onClosed = resolve
      this.#say({ say: 'close', inOrder })
    })
    this.end()
  }

  /** Ends the thread in the middle of whatever it does. */
  end(): void {
    this.#thread?.terminate()
    this.#thread = null
  }

  #say(message: ToLog): void {
    this.#thread?.postMessage(message)
  }

  #hear(message: FromLog): void {
    switch (message.say) {
      case 'opened':
      case 'added':
        this.#onReport(message)
        break
      case 'answer':
        this.#settle(message.id)?.resolve(JSON.parse(message.answer))
        break
      case 'refused':
        this.#settle(message.id)?.reject(new Error(message.problem))
        break
      case 'closed':
        this.#onClosed()
    }
  }

  #settle(id: number): Asking | undefined {
    const asking = this.#asked.get(id)
    this.#asked.delete(id)
    return asking
  }

  #failed(message: string): void {
    log.error('the thread of the log failed', message)
    this.end()
    for (const id of [...this.#asked.keys()]) this.#settle(id)?.reject(new Error(threadFailed))
    this.#onClosed()
    this.#onReport({ say: 'failed', opened: null, problem: threadFailed, notices: [] })
  }
}
