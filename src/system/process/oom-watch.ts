/** Decides whether the kernel's OOM killer ended a process, by the counters that rise with each of its kills. */
import { dirname } from 'node:path'
import { hostOomCounterFile, readOomCounter, readOomKills } from '../proc/cgroup.ts'
import type { ExitReport } from '../supervisor.ts'

/** The counter rises before the process dies, and freeing the memory of a large model takes a while. */
const ownWindowMs = 10_000
/** Other programs move a counter that is not the process's own, so it is trusted for a shorter time. */
const sharedWindowMs = 2_000
/** The exit status of a shell whose program was ended by SIGKILL. */
const killedInShell = 137

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

/** Which counter is used, and so how certain the answer is. */
export type Witness = 'own' | 'shared'

/**
 * What follows from a rise of the counter. The process's own counter decides either way. A shared one only makes it likely, and only
 * for a process that was killed by somebody.
 * @param rose whether it rose within the counter's window
 */
export const verdict = (
  witness: Witness,
  rose: boolean,
  { exitCode, signal }: Pick<ExitReport, 'exitCode' | 'signal'>,
): ExitReport['outOfMemory'] => {
  if (!rose) return false
  const wasKilled = signal === 'SIGKILL' || exitCode === killedInShell
  const unknown = signal === null && exitCode === null
  if (witness === 'own') return wasKilled || unknown
  return wasKilled ? 'probably' : false
}

/** Watches one process: by its memory group's counter, or by the host's counter if it has no group. */
export class OomWatch {
  readonly #pid: number
  #rises = new RiseDetector()
  #file: string | null = null
  #witness: Witness = 'shared'

  constructor(pid: number) {
    this.#pid = pid
    this.sample()
  }

  /** Reads the counter. Call it often while the process runs, since it may enter another group at any time. */
  sample(): void {
    const seen = readOomCounter(this.#pid)
    // A process that is ending is shown at the root of version 1 (proc_cgroup_show). Then the group that it was last seen in counts,
    // as for a process that has ended.
    const isAbove = seen !== null && seen.file !== this.#file && this.#file?.startsWith(`${dirname(seen.file)}/`)
    const counter = isAbove === true ? null : seen
    const file = counter?.file ?? this.#file ?? hostOomCounterFile
    if (file !== this.#file) {
      // Kills that were counted before the process existed were not its own.
      this.#file = file
      this.#rises = new RiseDetector()
    }
    if (counter !== null) this.#witness = counter.shared ? 'shared' : 'own'
    this.#rises.see(readOomKills(file), performance.now())
  }

  /** Whether an OOM kill explains that the process has just ended in this way. */
  explains(exit: Pick<ExitReport, 'exitCode' | 'signal'>): ExitReport['outOfMemory'] {
    const now = performance.now()
    this.#rises.see(readOomKills(this.#file ?? hostOomCounterFile), now)
    const window = this.#witness === 'own' ? ownWindowMs : sharedWindowMs
    return verdict(this.#witness, this.#rises.roseWithin(window, now), exit)
  }
}
