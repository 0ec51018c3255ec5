/** Runs one piece of work at a time, in the order asked for. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work)
    this.#last = mine.catch(() => {
      // Its caller hears of the failure; the next in line must not.
    })
    return mine
  }
}
