/** Cuts what a program prints into lines, wherever the pieces of it are split. Pure. */
import { readableLine } from '../../log-line.ts'

/** A line without end is cut here; readableLine shows less than this anyway. */
const longestLineBytes = 1 << 16
const newline = 0x0a

export class LineSplitter {
  /** The beginning of a line whose end was not printed yet. */
  #partial: Buffer = Buffer.alloc(0)
  /** Inside a line that was shown cut: its rest is dropped. */
  #dropping = false

  /** @returns the lines that `bytes` ends */
  push(bytes: Buffer): string[] {
    const lines: string[] = []
    let from = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, from)) {
      const line = bytes.subarray(from, end)
      if (!this.#dropping) {
        lines.push(readableLine(this.#partial.length === 0 ? line : Buffer.concat([this.#partial, line])))
      }
      this.#partial = Buffer.alloc(0)
      this.#dropping = false
      from = end + 1
    }
    if (this.#dropping) return lines
    this.#partial = Buffer.concat([this.#partial, bytes.subarray(from)])
    if (this.#partial.length <= longestLineBytes) return lines
    lines.push(readableLine(this.#partial))
    this.#partial = Buffer.alloc(0)
    this.#dropping = true
    return lines
  }

  /** What comes next does not follow on what came before. @returns bytes of a line that will not be shown */
  skip(): number {
    const { length } = this.#partial
    this.#partial = Buffer.alloc(0)
    this.#dropping = false
    return length
  }
}
