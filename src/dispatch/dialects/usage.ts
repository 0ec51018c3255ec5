/** Token counts of an answer for the decision log, read from its last bytes without parsing it. */

/** How much of the end is kept: llama.cpp's last event with usage and timings is about 700 bytes. */
const tailBytes = 4096

export interface TokenCounts {
  prompt: number | null
  completion: number | null
}

/** Keeps the last pieces of a stream, at least 4 KiB of it. */
export class StreamTail {
  #pieces: Buffer[] = []
  #size = 0

  add(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#size += piece.length
    for (let first = this.#pieces[0]; first !== undefined && this.#size - first.length >= tailBytes; ) {
      this.#pieces.shift()
      this.#size -= first.length
      first = this.#pieces[0]
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}

/** The number after `"name":`, or null. */
const numberAfter = (text: string, name: string): number | null => {
  const at = text.indexOf(`"${name}":`)
  if (at < 0) return null
  const value = Number.parseInt(text.slice(at + name.length + 3, at + name.length + 20), 10)
  return Number.isSafeInteger(value) && value >= 0 ? value : null
}

const countsIn = (text: string): TokenCounts | null => {
  // Text that a model wrote has its quotes escaped, so that it cannot contain these names with bare quotes.
  const usage = text.lastIndexOf('"usage":{')
  if (usage >= 0) {
    const rest = text.slice(usage)
    return { prompt: numberAfter(rest, 'prompt_tokens'), completion: numberAfter(rest, 'completion_tokens') }
  }
  // llama.cpp's own figures, in streams that were not asked for usage: prompt_n leaves out what came from its cache.
  const timings = text.lastIndexOf('"timings":{')
  if (timings < 0) return null
  const rest = text.slice(timings)
  const fresh = numberAfter(rest, 'prompt_n')
  return {
    prompt: fresh === null ? null : fresh + (numberAfter(rest, 'cache_n') ?? 0),
    completion: numberAfter(rest, 'predicted_n'),
  }
}

const none: TokenCounts = { prompt: null, completion: null }

/** The counts in a whole answer, or in the tail of a stream; embeddings have them at the front, everything else at the end. */
export const tokenCounts = (bytes: Buffer): TokenCounts => {
  const atEnd = countsIn(bytes.toString('latin1', Math.max(0, bytes.length - tailBytes)))
  if (atEnd !== null || bytes.length <= tailBytes) return atEnd ?? none
  return countsIn(bytes.toString('latin1', 0, tailBytes)) ?? none
}
