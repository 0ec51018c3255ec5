import { shorten } from '../text/wrap.ts'
import { printable, style, widthOf } from './style.ts'

/** Without a terminal, an unchanged step is printed again at most this often, milliseconds. */
const defaultRepeatMs = 10_000

/**
 * Shows current activity on stderr: one line that rewrites itself on a terminal. Elsewhere it is a plain line for each new step and,
 * by default, every 10 s.
 */
export class StatusLine {
  /** Whether there is a terminal, so that live figures are worth showing. */
  readonly live = process.stderr.isTTY === true
  readonly #repeatMs: number
  #shown = false
  #step: string | null = null
  #saidAt = 0

  /** @param repeatMs between plain lines of the same step; Infinity: one line for each step */
  constructor(repeatMs = defaultRepeatMs) {
    this.#repeatMs = repeatMs
  }

  /**
   * @param step identifies the step; the figures in `text` may change within one
   * @param text what to say, or several ways to say it, the longest first: a narrow terminal gets the first that fits
   */
  show(step: string, text: string | readonly [string, ...string[]]): void {
    const ways = (typeof text === 'string' ? [text] : text).map(printable)
    if (this.live) {
      const room = widthOf(process.stderr) - 1
      const line = ways.find((way) => Bun.stringWidth(way) <= room) ?? shorten(ways.at(-1) ?? '', room)
      process.stderr.write(`\r\x1b[2K${style(process.stderr, 'dim', line)}`)
      this.#shown = true
      return
    }
    const now = performance.now()
    if (step === this.#step && now - this.#saidAt < this.#repeatMs) return
    this.#step = step
    this.#saidAt = now
    process.stderr.write(`${ways[0]}\n`)
  }

  /** Erases the line from the terminal. */
  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[2K')
    this.#shown = false
  }
}
