/** What the backend of a slot prints: for `hal0 slot logs` and `hal0 logs NAME`. */
import type { LogGap } from '../../../contract/slot.ts'
import { call } from '../../api/client.ts'
import { followEvents } from '../../api/follow-events.ts'
import { print, printJson, talk } from '../../terminal/output.ts'
import { printable } from '../../terminal/style.ts'

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

interface Wanted {
  /** Of the slot. */
  name: string
  /** How many of its last lines. */
  lines: number
  /** Goes on with new lines until Ctrl-C. */
  follow: boolean
  json: boolean
}

/**
 * Prints the last lines of a slot's backend as they are.
 * @throws Failure when there is no such slot
 */
export const showBackendOutput = async ({ name, lines, follow, json }: Wanted): Promise<void> => {
  if (!follow) {
    const last = await call('slotLogs', { params: { name }, query: { lines } })
    if (json) return printJson(last)
    if (last.length === 0) talk.log(`The backend of ${name} has printed nothing yet.`)
    return last.forEach(show)
  }
  // Says by name which slot there is not; a stream cannot.
  await call('showSlot', { params: { name } })
  const printJsonLine = (value: unknown): void => print(JSON.stringify(value))
  const tell = json ? printJsonLine : show
  const tellGap = (gap: LogGap) => (json ? printJsonLine({ gap }) : show(gapSentence(gap)))
  const path = `/api/slots/${encodeURIComponent(name)}/logs/events?lines=${lines}`
  for await (const { event, data } of followEvents(path, { wasThere: true })) {
    if (event === 'log') tell(readLine(data))
    else if (event === 'gap') tellGap(readGap(data))
  }
}
