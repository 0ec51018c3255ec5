/** Prints an answer to stdout as it arrives, as a terminal can show it; elsewhere as it is. */
import { printable, style, widthOf } from '../terminal/style.ts'
import { flowBegin, flowEnd, flowOn } from '../text/flow.ts'
import type { Piece } from './completion.ts'

export class AnswerPrinter {
  readonly #isTerminal = process.stdout.isTTY === true
  #kind: Piece['kind'] | null = null
  #flow = flowBegin
  #endsLine = true

  print({ kind, text }: Piece): void {
    // Thinking is for a person who watches; in a pipe it is not part of the result.
    if (text === '' || (kind === 'thinking' && !this.#isTerminal)) return
    if (this.#kind !== null && this.#kind !== kind) {
      this.#release()
      this.#put('\n\n')
    }
    this.#kind = kind
    const step = flowOn(this.#flow, this.#isTerminal ? printable(text) : text, widthOf(process.stdout))
    this.#flow = step.flow
    this.#put(step.text)
  }

  /** Call it once the answer has ended, also when it broke off. */
  end(): void {
    this.#release()
    if (!this.#endsLine) this.#put('\n')
  }

  /** Prints what was held back. */
  #release(): void {
    this.#put(flowEnd(this.#flow, widthOf(process.stdout)))
    this.#flow = flowBegin
  }

  #put(text: string): void {
    if (text === '') return
    process.stdout.write(this.#kind === 'thinking' && text.trim() !== '' ? style(process.stdout, 'dim', text) : text)
    this.#endsLine = text.endsWith('\n')
  }
}
