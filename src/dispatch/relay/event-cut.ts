/**
 * Passes on whole events of an event stream: an incomplete event waits for its end. So a stream that breaks can still end with an
 * event that says why, without half an event before it. Pure.
 */

/** A longer event is passed on as it arrives, bytes. */
const longestHeld = 64 * 1024
const lf = 0x0a
const cr = 0x0d
const colon = 0x3a
const nothing = Buffer.alloc(0)

/** Index after the last event that ends in `bytes` with an empty line; 0: none does. */
const endOfEvents = (bytes: Buffer): number => {
  for (let at = bytes.lastIndexOf(lf); at > 0; at = bytes.lastIndexOf(lf, at - 1)) {
    const before = bytes[at - 1] === cr ? at - 2 : at - 1
    if (before >= 0 && bytes[before] === lf) return at + 1
  }
  return 0
}

export class EventCut {
  /** The beginning of an incomplete event. */
  #held: Buffer = nothing
  /** Part of an event was passed on, but not its end. */
  #within = false

  /** @returns what may be passed on now, which may be nothing */
  add(piece: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    const end = endOfEvents(bytes)
    if (end === bytes.length) return this.#pass(bytes, false)
    // Comments keep a connection alive and never wait. An event that was partly passed on continues.
    const isComment = bytes[end] === colon && bytes.at(-1) === lf
    if (isComment || (this.#within && end === 0) || bytes.length - end > longestHeld) return this.#pass(bytes, true)
    this.#held = bytes.subarray(end)
    if (end > 0) this.#within = false
    return bytes.subarray(0, end)
  }

  /** The held bytes, for a stream that ends normally. */
  rest(): Buffer {
    return this.#pass(this.#held, false)
  }

  /** What has to precede another event, if half an event was passed on. */
  gap(): string {
    return this.#within ? '\n\n' : ''
  }

  #pass(bytes: Buffer, within: boolean): Buffer {
    this.#held = nothing
    this.#within = within
    return bytes
  }
}
