/** Reads the lines of a file, last line first. */
import { readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

const chunkBytes = 256 * 1024
const newline = 0x0a
/** Nobody writes longer lines: the end of such a line is dropped, which makes the rest unreadable. */
const longestLine = 1024 * 1024

export interface Line {
  text: string
  /** Where the next line begins, bytes from the start. */
  end: number
}

/** Splits a file into lines, given its chunks from the last to the first. */
class BackwardLines {
  /** Bytes not yet split; the first line in them may have begun earlier. */
  #held: Buffer = Buffer.alloc(0)
  /** End of the next line to return, once a newline was seen. What follows the last newline is not a line: its writer was interrupted. */
  #lineEnd = -1

  /** @param from where the chunk begins, bytes from the start of the file */
  add(chunk: Buffer, from: number): Line[] {
    const lines: Line[] = []
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([chunk, this.#held])
    for (let at = this.#held.lastIndexOf(newline); at !== -1; at = this.#held.lastIndexOf(newline)) {
      if (this.#lineEnd !== -1) lines.push({ text: this.#held.toString('utf8', at + 1), end: this.#lineEnd })
      this.#lineEnd = from + at + 1
      this.#held = this.#held.subarray(0, at)
    }
    if (this.#held.length > longestLine) this.#held = this.#held.subarray(0, 0)
    if (from === 0 && this.#lineEnd !== -1) lines.push({ text: this.#held.toString('utf8'), end: this.#lineEnd })
    return lines
  }
}

const shortened = (at: number): Error => new Error(`The file became shorter while it was being read (${at} bytes).`)

/**
 * Reads only as much of the file as the consumer asks for.
 * @param end number of bytes from the start to consider
 */
export function* linesBackwards(fd: number, end: number): Generator<Line> {
  const lines = new BackwardLines()
  for (let to = end; to > 0; ) {
    const from = Math.max(0, to - chunkBytes)
    const chunk = Buffer.allocUnsafe(to - from)
    const read = readSync(fd, chunk, 0, chunk.length, from)
    if (read < chunk.length) throw shortened(from + read)
    yield* lines.add(chunk, from)
    to = from
  }
}

/**
 * The same without blocking: each chunk is read on another thread, and its lines come together.
 * @returns lines, each with the number of bytes read for it
 */
export async function* linesBackwardsInTurns(
  file: FileHandle,
  end: number,
): AsyncGenerator<{ lines: Line[]; bytes: number }> {
  const lines = new BackwardLines()
  for (let to = end; to > 0; ) {
    const from = Math.max(0, to - chunkBytes)
    const chunk = Buffer.allocUnsafe(to - from)
    const { bytesRead } = await file.read(chunk, 0, chunk.length, from)
    if (bytesRead < chunk.length) throw shortened(from + bytesRead)
    yield { lines: lines.add(chunk, from), bytes: chunk.length }
    to = from
  }
}
