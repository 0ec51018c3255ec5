/** The tail of a slot's log as events: `log` for each line, `gap` where some is missing. */
import type { SlotService } from '../../slots/service.ts'
import type { LogEvent, LogFrom, TakeLog } from '../../system/supervisor.ts'
import { type EventStream, encodeFrame } from './sse.ts'

/** Events are handed over in bundles of about this size; the next one waits until the reader has taken it. */
const bundleBytes = 1 << 16

const frameOf = ({ id, entry }: LogEvent): Uint8Array =>
  // A line travels as a JSON string, so that it may hold anything.
  encodeFrame({
    event: typeof entry === 'string' ? 'log' : 'gap',
    ...(id === null ? {} : { id }),
    data: JSON.stringify(entry),
  })

/**
 * @param from where the reader begins
 * @returns the function that ends it
 * @throws Hal0Error `slot.not_found`
 */
export const followSlotLog = (
  slots: SlotService,
  { name, from }: { name: string; from: LogFrom },
  stream: EventStream,
): (() => void) => {
  const take: TakeLog = async (events) => {
    let bundle: Uint8Array[] = []
    let bytes = 0
    const hand = async (): Promise<void> => {
      stream.send(Buffer.concat(bundle))
      bundle = []
      bytes = 0
      await stream.drained()
    }
    for (const event of events) {
      const frame = frameOf(event)
      bundle.push(frame)
      bytes += frame.length
      if (bytes >= bundleBytes) await hand()
    }
    if (bytes > 0) await hand()
  }
  return slots.followLogs(name, take, from)
}
