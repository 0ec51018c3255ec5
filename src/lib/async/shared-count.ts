/** A count that threads share: one adds, others see it. */
export class SharedCount {
  readonly #cell: Int32Array<SharedArrayBuffer>

  /** @param memory of the count that it shall be the same as */
  constructor(memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.#cell = new Int32Array(memory)
  }

  /** What another thread needs to have it too. */
  get memory(): SharedArrayBuffer {
    return this.#cell.buffer
  }

  add(): void {
    Atomics.add(this.#cell, 0, 1)
  }

  /** Begins anew after 2^31: two values say whether something was added, not how much. */
  get value(): number {
    return Atomics.load(this.#cell, 0)
  }
}
