/** What happens when, in simulated time. */
interface Item {
  time: number
  act: () => void
}

export class Agenda {
  /** The latest first, so that the next one is at the end. */
  #items: Item[] = []

  /** Of several at one time, the first to be added happens first. */
  at(time: number, act: () => void): void {
    let [low, high] = [0, this.#items.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#items[middle] as Item).time <= time) high = middle
      else low = middle + 1
    }
    this.#items.splice(low, 0, { time, act })
  }

  /** Lets everything happen, and what follows from it. */
  play(pass: (now: number) => void): void {
    for (let next = this.#items.pop(); next !== undefined; next = this.#items.pop()) {
      pass(next.time)
      next.act()
    }
  }
}
