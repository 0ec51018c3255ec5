import type { Failure } from './failure.ts'
import { talk } from './output.ts'
import { printable, style } from './style.ts'

/**
 * Reports a failure on stderr: the message, the details, and what to try; for programs, the error envelope on one line.
 * @param question for people, at the end of the message
 */
export const reportFailure = (failure: Failure, json: boolean, question = ''): void => {
  if (json && failure.body !== null) {
    process.stderr.write(`${JSON.stringify({ error: failure.body })}\n`)
    return
  }
  talk.error(printable(failure.message + question))
  for (const line of failure.details) talk.log(style(process.stderr, 'dim', `  ${printable(line)}`))
  if (failure.hint !== null) talk.log(`Try: ${style(process.stderr, 'cyan', failure.hint)}`)
}
