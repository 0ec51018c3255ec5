/**
 * Keeps the pieces of an event stream cut between events: the beginning of an event waits for its end. So a stream that breaks can
 * still end with an event that says why, and no client is left with half of one before it. Pure.
 */

/** An event that is longer passes on as it comes, bytes. */
const longestHeld = 64 * 1024
const lf = 0x0a
const cr = 0x0d
const colon = 0x3a
const nothing = Buffer.alloc(0)

/** Index after the last event that ends in `bytes`, an empty line after it; 0: none does. */
const endOfEvents = (bytes: Buffer): number => {
  for (let at = bytes.lastIndexOf(lf); at > 0; at = bytes.lastIndexOf(lf, at - 1)) {
    const before = bytes[at - 1] === cr ? at - 2 : at - 1
    if (before >= 0 && bytes[before] === lf) return at + 1
  }
  return 0
}

export class EventCut {
  /** The beginning of an event. */
  #held: Buffer = nothing
  /** A part of an event has passed whose end has not. */
  #within = false

  /** @returns what may pass on now, which may be nothing */
  add(piece: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    const end = endOfEvents(bytes)
    if (end === bytes.length) return this.#pass(bytes, false)
    // Comments keep a connection alive: none waits. What has begun to pass goes on.
    const isComment = bytes[end] === colon && bytes.at(-1) === lf
    if (isComment || (this.#within && end === 0) || bytes.length - end > longestHeld) return this.#pass(bytes, true)
    this.#held = bytes.subarray(end)
    if (end > 0) this.#within = false
    return bytes.subarray(0, end)
  }

  /** What was held, for a stream that ends well. */
  rest(): Buffer {
    return this.#pass(this.#held, false)
  }

  /** What must come before one more event, where half of another one has passed. */
  gap(): string {
    return this.#within ? '\n\n' : ''
  }

  #pass(bytes: Buffer, within: boolean): Buffer {
    this.#held = nothing
    this.#within = within
    return bytes
  }
}
