import type { Failure } from './failure.ts'
import { talk } from './output.ts'
import { printable, style } from './style.ts'

/** Says on stderr why something failed: the sentence, what is worth knowing, what to try; for programs the envelope as one line. */
export const tell = (failure: Failure, json: boolean): void => {
  if (json && failure.body !== null) {
    process.stderr.write(`${JSON.stringify({ error: failure.body })}\n`)
    return
  }
  talk.error(printable(failure.message))
  for (const line of failure.details) talk.log(style(process.stderr, 'dim', `  ${printable(line)}`))
  if (failure.hint !== null) talk.log(`Try: ${style(process.stderr, 'cyan', failure.hint)}`)
}
