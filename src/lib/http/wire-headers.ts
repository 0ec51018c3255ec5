/** The headers of a message as received. */

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/**
 * The value between `from` and `to` of a head in latin1, without the spaces and tabs around it (RFC 9112 §5). `trim()` would also
 * remove U+00A0, which is the last byte of many letters in UTF-8 ("à").
 */
export const fieldValue = (text: string, from: number, to: number): string => {
  let [start, end] = [from, to]
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/**
 * Names in lower case, values as latin1: one character for each byte, so that non-ASCII values can be passed on byte for byte. In
 * the order received, with repeated names kept.
 */
export class WireHeaders {
  readonly #names: readonly string[]
  readonly #values: readonly string[]

  /** @param names in lower case; each has its value at the same index of `values` */
  constructor(names: readonly string[], values: readonly string[]) {
    this.#names = names
    this.#values = values
  }

  /** The value of `name`, given in lower case; several values of one name are joined with ", ". */
  get(name: string): string | null {
    let found: string | null = null
    for (let at = this.#names.indexOf(name); at >= 0; at = this.#names.indexOf(name, at + 1)) {
      found = found === null ? (this.#values[at] as string) : `${found}, ${this.#values[at]}`
    }
    return found
  }

  has(name: string): boolean {
    return this.#names.includes(name)
  }

  /** Whether a name begins with `prefix`, given in lower case. */
  hasNamePrefix(prefix: string): boolean {
    for (const name of this.#names) if (name.startsWith(prefix)) return true
    return false
  }

  /** How often `name` occurs. */
  count(name: string): number {
    let count = 0
    for (const each of this.#names) if (each === name) count++
    return count
  }

  forEach(visit: (name: string, value: string) => void): void {
    for (let at = 0; at < this.#names.length; at++) visit(this.#names[at] as string, this.#values[at] as string)
  }
}
