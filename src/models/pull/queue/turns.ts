/** Runs a few pulls at a time; the others wait in order. */

export interface Waiting {
  /** From the record: the lowest one is first. */
  readonly place: number
  /** @param position from 1; null: it no longer waits */
  moveTo(position: number | null): void
  /** Never rejects. */
  run(): Promise<void>
}

export class PullTurns<J extends Waiting> {
  readonly #atOnce: number
  /** In queue order. */
  #waiting: J[] = []
  /** Those waiting jobs whose records are on the disk. */
  readonly #accepted = new Set<J>()
  #running = 0
  #closed = false

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /** Adds a job at its place; nothing behind it starts until it is accepted or dropped. */
  add(job: J): void {
    const at = this.#waiting.findIndex(({ place }) => place > job.place)
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, job)
  }

  /** A job that was dropped in the meantime stays dropped. */
  accept(job: J): void {
    if (this.#closed || !this.#waiting.includes(job)) return
    this.#accepted.add(job)
    this.#next()
  }

  /** A running job continues. */
  drop(job: J): void {
    if (!this.#waiting.includes(job)) return
    this.#waiting = this.#waiting.filter((one) => one !== job)
    this.#accepted.delete(job)
    this.#next()
  }

  /** No waiting job is started any more. */
  close(): void {
    this.#closed = true
    this.#waiting = []
    this.#accepted.clear()
  }

  #next(): void {
    for (let job = this.#waiting[0]; job !== undefined && this.#mayRun(job); job = this.#waiting[0]) {
      this.#waiting.shift()
      this.#accepted.delete(job)
      this.#running += 1
      void job.run().finally(() => {
        this.#running -= 1
        this.#next()
      })
    }
    for (const [index, job] of this.#waiting.entries()) if (this.#accepted.has(job)) job.moveTo(index + 1)
  }

  #mayRun(job: J): boolean {
    return this.#running < this.#atOnce && this.#accepted.has(job)
  }
}
