/** Reads the lines of a file, last line first. */
import { readSync } from 'node:fs'

const chunkBytes = 256 * 1024
const newline = 0x0a
/** Nobody writes longer lines: the end of such a line is dropped, which makes the rest unreadable. */
const longestLine = 1024 * 1024

/** Splits a file into lines, given its chunks from the last to the first. */
class BackwardLines {
  /** Bytes not yet split; the first line in them may have begun earlier. */
  #held: Buffer = Buffer.alloc(0)
  /** A newline was seen. What follows the last one is not a line: its writer was interrupted. */
  #begun = false

  /** @param from where the chunk begins, bytes from the start of the file */
  add(chunk: Buffer, from: number): string[] {
    const lines: string[] = []
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([chunk, this.#held])
    for (let at = this.#held.lastIndexOf(newline); at !== -1; at = this.#held.lastIndexOf(newline)) {
      if (this.#begun) lines.push(this.#held.toString('utf8', at + 1))
      this.#begun = true
      this.#held = this.#held.subarray(0, at)
    }
    if (this.#held.length > longestLine) this.#held = this.#held.subarray(0, 0)
    if (from === 0 && this.#begun) lines.push(this.#held.toString('utf8'))
    return lines
  }
}

/** Reads only as much of the file as the consumer asks for. @param size of the file, bytes */
export function* linesBackwards(fd: number, size: number): Generator<string> {
  const lines = new BackwardLines()
  for (let to = size; to > 0; ) {
    const from = Math.max(0, to - chunkBytes)
    const chunk = Buffer.allocUnsafe(to - from)
    const read = readSync(fd, chunk, 0, chunk.length, from)
    if (read < chunk.length) throw new Error(`The file became shorter while it was being read (${from + read} bytes).`)
    yield* lines.add(chunk, from)
    to = from
  }
}
