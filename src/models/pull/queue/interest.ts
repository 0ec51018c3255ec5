/** Who wants a pull: the slots that wait for it, and the person who requested it. A pull that nobody wants any more is cancelled. */

/** Stands for a person who requested a pull; no slot can have this name. */
export const aPerson = '*'

export class PullInterest {
  readonly #wanting = new Map<string, Set<string>>()

  add(id: string, by: string): void {
    const wanting = this.#wanting.get(id)
    if (wanting === undefined) this.#wanting.set(id, new Set([by]))
    else wanting.add(by)
  }

  /** @returns whether nobody else wants it */
  drop(id: string, by: string): boolean {
    const wanting = this.#wanting.get(id)
    wanting?.delete(by)
    return wanting === undefined || wanting.size === 0
  }

  /** Everybody who wants it. */
  of(id: string): string[] {
    return [...(this.#wanting.get(id) ?? [])]
  }

  /** The pull has ended. */
  end(id: string): void {
    this.#wanting.delete(id)
  }
}
