/** Splits a program's output into lines, wherever its pieces are split. Pure. */
import { readableLine } from '../../log-line.ts'

/** An endless line is cut here; readableLine shows less than this anyway. */
const longestLineBytes = 1 << 16
const newline = 0x0a

export interface Line {
  text: string
  /** Offset of its end in the last pushed piece, bytes. */
  end: number
}

export class LineSplitter {
  /** The beginning of a line whose end has not been printed yet. */
  #partial: Buffer = Buffer.alloc(0)
  /** Within a line that was cut: its rest is dropped. */
  #dropping = false

  /** @returns the lines that `bytes` ends */
  push(bytes: Buffer): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, from)) {
      const line = bytes.subarray(from, end)
      from = end + 1
      if (!this.#dropping) {
        const whole = this.#partial.length === 0 ? line : Buffer.concat([this.#partial, line])
        lines.push({ text: readableLine(whole), end: from })
      }
      this.#partial = Buffer.alloc(0)
      this.#dropping = false
    }
    if (this.#dropping) return lines
    this.#partial = Buffer.concat([this.#partial, bytes.subarray(from)])
    if (this.#partial.length <= longestLineBytes) return lines
    lines.push({ text: readableLine(this.#partial), end: bytes.length })
    this.dropRest()
    return lines
  }

  /** The next bytes are the rest of a line that was already shown. */
  dropRest(): void {
    this.#partial = Buffer.alloc(0)
    this.#dropping = true
  }

  /** The next bytes do not continue the previous ones. @returns bytes of a line that will not be shown */
  skip(): number {
    const { length } = this.#partial
    this.#partial = Buffer.alloc(0)
    this.#dropping = false
    return length
  }
}
