import { wrap } from '../text/wrap.ts'
import type { Failure } from './failure.ts'
import { talk, withCommands } from './output.ts'
import { printable, style, widthOf } from './style.ts'

/**
 * Reports a failure on stderr: the message, the details, and what to try; for programs, the error envelope on one line.
 * @param question for people, at the end of the message
 */
export const reportFailure = (failure: Failure, json: boolean, question = ''): void => {
  if (json && failure.body !== null) {
    process.stderr.write(`${JSON.stringify({ error: failure.body })}\n`)
    return
  }
  const width = widthOf(process.stderr)
  talk.error(printable(failure.message + question))
  for (const line of failure.details)
    talk.log(style(process.stderr, 'dim', wrap(withCommands(`  ${printable(line)}`), width)))
  if (failure.hint === null) return
  const commands = withCommands(failure.hint).split('\n')
  // They are there to be copied: a line break in one would not be right. One that is too long has a line for itself.
  const isLong = commands.some((one) => Bun.stringWidth(`Try: ${one}`) > width)
  const shown = commands.map((one) => style(process.stderr, 'cyan', one))
  process.stderr.write(isLong ? `Try:\n${shown.join('\n')}\n` : `Try: ${shown.join('\n     ')}\n`)
}
