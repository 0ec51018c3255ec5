import { cut, printable, style, widthOf } from './style.ts'

/** Plain lines repeat a step that has not changed at most this often, milliseconds. */
const defaultRepeatMs = 10_000

/**
 * What is going on right now, on stderr: one line that rewrites itself on a terminal; elsewhere a plain line for each new step and,
 * unless told otherwise, every 10 s.
 */
export class StatusLine {
  /** Whether there is a terminal, so that figures are worth showing. */
  readonly live = process.stderr.isTTY === true
  readonly #repeatMs: number
  #shown = false
  #step: string | null = null
  #saidAt = 0

  /** @param repeatMs between plain lines of one step; Infinity: one for each step */
  constructor(repeatMs = defaultRepeatMs) {
    this.#repeatMs = repeatMs
  }

  /** @param step what the line is about; figures in `text` may change without it */
  show(step: string, text: string): void {
    if (this.live) {
      const line = cut(printable(text), widthOf(process.stderr) - 1)
      process.stderr.write(`\r\x1b[2K${style(process.stderr, 'dim', line)}`)
      this.#shown = true
      return
    }
    const now = performance.now()
    if (step === this.#step && now - this.#saidAt < this.#repeatMs) return
    this.#step = step
    this.#saidAt = now
    process.stderr.write(`${printable(text)}\n`)
  }

  /** Takes the line off the terminal. */
  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[2K')
    this.#shown = false
  }
}
