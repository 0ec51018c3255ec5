import type { LogGap } from '../../contract/slot.ts'
import { call } from '../api/client.ts'
import { followEvents } from '../api/follow-events.ts'
import { wholeNumber } from '../arguments.ts'
import { defineVerb } from '../command.ts'
import { print, printJson } from '../terminal/output.ts'
import { printable } from '../terminal/style.ts'
import { nameArgument } from './shared/slot-command.ts'

const show = (line: string): void => print(process.stdout.isTTY === true ? printable(line) : line)

/** A line is sent as a JSON string, so that it may contain anything. */
const readLine = (data: string): string => {
  try {
    return String(JSON.parse(data))
  } catch {
    // Another version of the daemon: the raw text is the best available.
    return data
  }
}

const readGap = (data: string): LogGap => {
  try {
    const { bytes } = JSON.parse(data) as Partial<LogGap>
    return { bytes: typeof bytes === 'number' ? bytes : null }
  } catch {
    // Another version of the daemon: all that is known is that something is missing.
    return { bytes: null }
  }
}

const gapSentence = ({ bytes }: LogGap): string =>
  `… ${bytes === null ? 'some lines are' : `${bytes} bytes of lines are`} missing here`

export default defineVerb({
  about: 'Print the last lines that the backend of a slot printed.',
  more: 'With --json an array of lines; together with --follow one JSON string a line, and {"gap":{"bytes":N}} where some are missing.',
  examples: ['hal0 slot logs primary', 'hal0 slot logs primary -n 500', 'hal0 slot logs primary -f'],
  args: {
    name: nameArgument,
    lines: { type: 'string', alias: 'n', default: '100', valueHint: 'LINES', description: 'How many lines' },
    follow: { type: 'boolean', alias: 'f', description: 'Keep printing new lines until Ctrl-C' },
  },
  async run({ args: { name, lines, follow, json } }) {
    const count = wholeNumber('lines', lines, 1, 10_000)
    if (follow !== true) {
      const last = await call('slotLogs', { params: { name }, query: { lines: count } })
      return json ? printJson(last) : last.forEach(show)
    }
    const printJsonLine = (value: unknown): void => print(JSON.stringify(value))
    const tell = json ? printJsonLine : show
    const path = `/api/slots/${encodeURIComponent(name)}/logs/events`
    const tellGap = (gap: LogGap) => (json ? printJsonLine({ gap }) : show(gapSentence(gap)))
    for await (const { event, data } of followEvents(`${path}?lines=${count}`)) {
      if (event === 'log') tell(readLine(data))
      else if (event === 'gap') tellGap(readGap(data))
    }
  },
})
