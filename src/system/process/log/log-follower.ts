/** Gives one reader each line that is added to a backend's log, across its rotations, as fast as the reader takes them. */
import { log } from '../../../lib/log.ts'
import type { LogEvent, LogFrom, TakeLog } from '../../supervisor.ts'
import { LineSplitter } from './line-splitter.ts'
import type { LogPiece, LogPositions } from './log-positions.ts'

const pollMs = 100
/** Read in one turn: some 4 ms of work. */
const pieceBytes = 1 << 16
/**
 * Of the time since its last turn, a reader that is behind leaves two thirds to everything else: 5 MB/s are shown as they come,
 * and what comes faster waits in the files.
 */
const pausePerWork = 2

export class LogFollower {
  readonly #log: LogPositions
  readonly #take: TakeLog
  readonly #lines = new LineSplitter()
  #position: number
  /** What comes before everything else. */
  #first: LogEvent[] = []
  #ended = false
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(log: LogPositions, take: TakeLog, from: LogFrom) {
    this.#log = log
    this.#take = take
    this.#position = 'after' in from ? this.#after(from.after) : from.lines === 0 ? log.end() : log.back(from.lines)
    this.#again('lines' in from && from.lines === 0 ? pollMs : 0)
  }

  end(): void {
    this.#ended = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** Where a reader goes on that comes back. */
  #after(id: string): number {
    const position = this.#log.positionOf(id)
    if (position !== null) {
      if (this.#log.isWithinLine(position)) this.#lines.dropRest()
      return position
    }
    const end = this.#log.end()
    this.#first = [{ id: this.#log.idOf(end), entry: { bytes: null } }]
    return end
  }

  #again(ms: number): void {
    if (this.#ended) return
    this.#timer = setTimeout(() => {
      this.#turn().then(
        (pauseMs) => this.#again(pauseMs),
        (error) => {
          // Following goes on with the next turn: a disk that fails now must not end every open view.
          log.warn('could not follow the log of a backend', error)
          this.#again(pollMs)
        },
      )
    }, ms)
    this.#timer.unref()
  }

  /** @returns milliseconds until the next turn */
  async #turn(): Promise<number> {
    const began = performance.now()
    const piece = this.#log.read(this.#position, pieceBytes)
    const events = [...this.#first, ...(piece === null ? [] : this.#eventsOf(piece))]
    this.#first = []
    const work = performance.now() - began
    if (events.length > 0 && !this.#ended) await this.#take(events)
    return piece === null || (piece.bytes.length < pieceBytes && piece.lost === 0) ? pollMs : work * pausePerWork
  }

  #eventsOf({ bytes, lost, next }: LogPiece): LogEvent[] {
    const position = this.#position
    this.#position = next
    const id = (at: number): string => this.#log.idOf(at)
    if (lost > 0) return [{ id: id(next), entry: { bytes: lost + this.#lines.skip() } }]
    return this.#lines.push(bytes).map(({ text, end }) => ({ id: id(position + end), entry: text }))
  }
}
