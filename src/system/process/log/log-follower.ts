/** Gives one reader each line that is added to a backend's log, across its rotations, as fast as the reader takes them. */
import { log } from '../../../lib/log.ts'
import type { TakeLog } from '../../supervisor.ts'
import { LineSplitter } from './line-splitter.ts'
import type { LogPositions } from './log-positions.ts'

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
  #ended = false
  #timer: ReturnType<typeof setTimeout> | null = null

  /** @param lines how many of the last lines come first; 0: from the end of the log as it is now */
  constructor(log: LogPositions, take: TakeLog, lines: number) {
    this.#log = log
    this.#take = take
    this.#position = lines === 0 ? log.end() : log.back(lines)
    this.#again(lines === 0 ? pollMs : 0)
  }

  end(): void {
    this.#ended = true
    if (this.#timer !== null) clearTimeout(this.#timer)
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
    if (piece === null) return pollMs
    this.#position = piece.next
    const entries = piece.lost > 0 ? [{ bytes: piece.lost + this.#lines.skip() }] : this.#lines.push(piece.bytes)
    const work = performance.now() - began
    if (entries.length > 0 && !this.#ended) await this.#take(entries)
    return piece.bytes.length < pieceBytes && piece.lost === 0 ? pollMs : work * pausePerWork
  }
}
