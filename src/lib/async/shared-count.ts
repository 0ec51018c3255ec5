/** A counter shared between threads: one adds, the others read it. */
export class SharedCount {
  readonly #cell: Int32Array<SharedArrayBuffer>

  /** @param memory of the counter to share */
  constructor(memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.#cell = new Int32Array(memory)
  }

  /** What another thread needs to share this counter. */
  get memory(): SharedArrayBuffer {
    return this.#cell.buffer
  }

  add(): void {
    Atomics.add(this.#cell, 0, 1)
  }

  /** Wraps around after 2^31: two values say whether something was added, but not how much. */
  get value(): number {
    return Atomics.load(this.#cell, 0)
  }
}
