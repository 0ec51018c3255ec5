/**
 * What a run printed about its failed tests, kept for the end: of a long run people, and the tail that continuous
 * integration shows, see only the last lines.
 */
const linesKept = 30
const charactersOfLine = 200
const longestReport = 12

/** Follows the lines of `bun test`: what stands between the result before and a failure belongs to that failure. */
export class Failures {
  readonly #kept: string[][] = []
  #since: string[] = []
  #file = ''

  line(text: string): void {
    const plain = Bun.stripANSI(text).slice(0, charactersOfLine)
    if (/^\S+\.test\.ts:$/.test(plain)) this.#file = plain
    else if (/^\((pass|skip|todo)\) /.test(plain)) this.#since = []
    else if (plain.startsWith('(fail) ')) this.#keep(plain)
    // A test that took too long says so below its result.
    else if (/^\s+\^ this test timed out/.test(plain)) this.#kept.at(-1)?.push(plain)
    else if (plain !== '') this.#since = [...this.#since, plain].slice(-linesKept)
  }

  /** Of a step without results of its own: its last lines. */
  rest(): string[] {
    return this.#since
  }

  /** The failures, the first ones first; beyond a dozen only their number. */
  report(): string[] {
    const shown = this.#kept.slice(0, longestReport).flatMap((lines) => ['', ...lines])
    const more = this.#kept.length - longestReport
    return more > 0 ? [...shown, '', `and ${more} more failed tests`] : shown
  }

  #keep(result: string): void {
    this.#kept.push([this.#file, ...this.#since, result])
    this.#since = []
  }
}
