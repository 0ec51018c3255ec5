/** Tells whether a SIGKILL was the kernel's OOM killer, by the counters that rise with each of its kills. */
import { hostOomCounterFile, readOomCounterFile, readOomKills } from '../proc/cgroup.ts'

/** The counter rises before the process dies, and giving back the memory of a large model takes a while. */
const groupWindowMs = 10_000
/** Every process of the host moves this counter, so it is trusted for a shorter time. */
const hostWindowMs = 2_000

/** When a counter was last seen to rise. */
export class RiseDetector {
  #count: number | null = null
  #roseAt = Number.NEGATIVE_INFINITY

  /** @param now milliseconds, monotonic */
  see(count: number | null, now: number): void {
    if (count !== null && this.#count !== null && count > this.#count) this.#roseAt = now
    if (count !== null) this.#count = count
  }

  roseWithin(ms: number, now: number): boolean {
    return now - this.#roseAt <= ms
  }
}

/**
 * Watches one process. Its group's own counter is the better witness; the host's one stands in where there is no memory
 * controller, or where the process changed its group a moment before it was killed.
 */
export class OomWatch {
  readonly #pid: number
  readonly #host = new RiseDetector()
  #group = new RiseDetector()
  #groupFile: string | null = null

  constructor(pid: number) {
    this.#pid = pid
    this.sample()
  }

  /** Reads the counters; call it about once a second while the process runs. */
  sample(): void {
    const file = readOomCounterFile(this.#pid)
    if (file !== null && file !== this.#groupFile) {
      // Kills that this group counted before the process was in it are none of its own.
      this.#groupFile = file
      this.#group = new RiseDetector()
    }
    this.#readCounters()
  }

  /** Whether an OOM kill happened that explains a SIGKILL of this process right now. */
  wasKilled(): boolean {
    this.#readCounters()
    const now = performance.now()
    return this.#group.roseWithin(groupWindowMs, now) || this.#host.roseWithin(hostWindowMs, now)
  }

  #readCounters(): void {
    const now = performance.now()
    if (this.#groupFile !== null) this.#group.see(readOomKills(this.#groupFile), now)
    this.#host.see(readOomKills(hostOomCounterFile), now)
  }
}
