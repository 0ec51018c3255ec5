/** Slows down whoever signs in with wrong keys. Nobody is locked out: the right key is taken at once. */

const firstMs = 250
const longestMs = 5000
/** After so long without a failure, an address begins anew, milliseconds. */
const forgottenMs = 60_000
/** The most addresses that are remembered; the oldest goes first. */
const mostAddresses = 1024

export class SlowedFailures {
  readonly #failed = new Map<string, { count: number; at: number }>()
  readonly #sleep: (ms: number) => Promise<void>
  readonly #now: () => number

  constructor(sleep: (ms: number) => Promise<void> = Bun.sleep, now: () => number = () => performance.now()) {
    this.#sleep = sleep
    this.#now = now
  }

  /** Resolves when the failure of this address may be answered: each one takes twice as long as the one before. */
  pause(address: string): Promise<void> {
    const before = this.#failed.get(address)
    const now = this.#now()
    const count = before === undefined || now - before.at > forgottenMs ? 0 : before.count + 1
    this.#failed.delete(address)
    const [oldest] = this.#failed.keys()
    if (this.#failed.size >= mostAddresses && oldest !== undefined) this.#failed.delete(oldest)
    this.#failed.set(address, { count, at: now })
    return this.#sleep(Math.min(longestMs, firstMs * 2 ** Math.min(count, 10)))
  }
}
