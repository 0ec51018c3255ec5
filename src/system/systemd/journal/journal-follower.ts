/** Follows the journal of one unit with `journalctl --follow`. If journalctl ends, it is started again where it stopped. */
import { log } from '../../../lib/log.ts'
import type { LogEvent, TakeLog } from '../../supervisor.ts'
import { type JournalLine, JournalLines } from './journal-lines.ts'

/** The first pause before a restart; it doubles each time journalctl ends early. */
const firstPauseMs = 100
const longestPauseMs = 10_000
/** After running this long, a journalctl counts as working. */
const soundMs = 5000

/** A running journalctl; its output waits in the pipe until it is read. */
export interface JournalReader {
  output: AsyncIterable<Uint8Array>
  /** How it ended, in words for a person. */
  ended: Promise<string>
  kill(): void
}

/**
 * Starts journalctl.
 * @param after cursor of the last entry that was read; null: read everything since the follower began
 * @throws Hal0Error `supervisor.failed`
 */
export type OpenJournal = (after: string | null) => JournalReader

/** What comes before the lines to follow. */
export interface LastLines {
  /** Lines that were already printed, oldest first. */
  lines: JournalLine[]
  /** Cursor of the last entry; null: there is none. */
  cursor: string | null
  /** Some lines before these are missing. */
  gap?: true
}

/** Reads the lines before those that will be followed. @throws Hal0Error `supervisor.failed` */
export type ReadBefore = () => Promise<LastLines>

const eventOf = ({ text, cursor }: JournalLine): LogEvent => ({ id: cursor, entry: text })

export class JournalFollower {
  readonly #unit: string
  readonly #open: OpenJournal
  readonly #take: TakeLog
  readonly #lines: JournalLines
  /** null once it was read. */
  #before: ReadBefore | null
  #told: LogEvent[] = []
  #reader: JournalReader | null = null
  #pauseMs = firstPauseMs
  #timer: ReturnType<typeof setTimeout> | null = null
  #soundTimer: ReturnType<typeof setTimeout> | null = null
  #problem: string | null = null
  #ended = false

  /** @param before null: only lines printed from now on */
  constructor(unit: string, open: OpenJournal, take: TakeLog, before: ReadBefore | null = null) {
    this.#unit = unit
    this.#open = open
    this.#take = take
    this.#before = before
    this.#lines = new JournalLines((line) => this.#told.push(eventOf(line)))
    this.#start()
  }

  /** Why nothing can be read at present, as a sentence; null while it works. */
  get problem(): string | null {
    return this.#problem
  }

  end(): void {
    this.#ended = true
    this.#problem = null
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#soundTimer !== null) clearTimeout(this.#soundTimer)
    this.#reader?.kill()
  }

  #start(): void {
    // There may be no line for a long time. Then the sign that it works is that it keeps running.
    this.#soundTimer = setTimeout(() => this.#works(), soundMs)
    this.#soundTimer.unref()
    this.#run().then(
      (how) => this.#again(how),
      (error) => this.#again(error instanceof Error ? error.message : String(error)),
    )
  }

  /** @returns how journalctl ended */
  async #run(): Promise<string> {
    await this.#readBefore()
    const reader = this.#open(this.#lines.cursor)
    this.#reader = reader
    try {
      for await (const chunk of reader.output) {
        this.#lines.push(chunk)
        await this.#hand()
        if (this.#ended) break
      }
    } finally {
      // An incomplete entry is read again as a whole.
      this.#lines.cut()
      reader.kill()
    }
    return reader.ended
  }

  async #readBefore(): Promise<void> {
    if (this.#before === null) return
    const { lines, cursor, gap } = await this.#before()
    this.#before = null
    this.#lines.resume(cursor)
    if (gap === true) this.#told.push({ id: cursor, entry: { bytes: null } })
    this.#told.push(...lines.map(eventOf))
    await this.#hand()
  }

  async #hand(): Promise<void> {
    const events = this.#told
    this.#told = []
    if (events.length === 0 || this.#ended) return
    this.#works()
    await this.#take(events)
  }

  #works(): void {
    this.#pauseMs = firstPauseMs
    this.#problem = null
  }

  #again(how: string): void {
    if (this.#soundTimer !== null) clearTimeout(this.#soundTimer)
    if (this.#ended) return
    if (this.#problem === null) log.warn(`what ${this.#unit} prints cannot be followed: ${how}`)
    this.#problem = `What ${this.#unit} prints cannot be followed: ${how} hal0 keeps trying, from where it stopped. Look at: systemctl status systemd-journald`
    this.#timer = setTimeout(() => this.#start(), this.#pauseMs)
    this.#timer.unref()
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs)
  }
}
