/** The lines of a file, the last one first. */
import { readSync } from 'node:fs'

const chunkBytes = 256 * 1024
const newline = 0x0a

export interface Line {
  text: string
  /** Where the next line begins, bytes from the start. */
  end: number
}

/**
 * Reads no more of the file than is asked for. What follows the last newline is no line: its writer was cut off.
 * @param end bytes from the start that count
 */
export function* linesBackwards(fd: number, end: number): Generator<Line> {
  /** What is read and not given out, from `from` on; the first line in it may have begun earlier. */
  let held = Buffer.alloc(0)
  let from = end
  /** End of the next line to give out, once a newline was seen. */
  let lineEnd = -1
  for (;;) {
    for (let at = held.lastIndexOf(newline); at !== -1; at = held.lastIndexOf(newline)) {
      if (lineEnd !== -1) yield { text: held.toString('utf8', at + 1), end: lineEnd }
      lineEnd = from + at + 1
      held = held.subarray(0, at)
    }
    if (from === 0) break
    const wanted = Math.min(chunkBytes, from)
    const chunk = Buffer.alloc(wanted)
    const read = readSync(fd, chunk, 0, wanted, from - wanted)
    if (read < wanted) throw new Error(`The file became shorter while it was read (${from - wanted + read} bytes).`)
    held = Buffer.concat([chunk, held])
    from -= wanted
  }
  if (lineEnd !== -1) yield { text: held.toString('utf8'), end: lineEnd }
}
