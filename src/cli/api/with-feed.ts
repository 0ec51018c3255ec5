/** An event stream that is followed during a call. */
import { withDeadline } from '../../lib/async/with-deadline.ts'
import { openEvents, parseEvents, type ServerEvent } from './event-stream.ts'

/** How long the call waits for the feed at first, milliseconds; it goes ahead without one that takes longer. */
const patienceMs = 2000

interface Feed {
  path: string
  /** Called when the feed is open: the daemon is there. */
  onOpen?(): void
  onEvent(event: ServerEvent): void
}

/**
 * Passes the events of a feed on while `work` runs. The outcome is what `work` resolves to. If the feed fails or ends, only the
 * progress display is lost.
 */
export const withFeed = async <T>({ path, onOpen, onEvent }: Feed, work: () => Promise<T>): Promise<T> => {
  const reading = new AbortController()
  // Opened before the work begins, so that no early step is missed.
  const opening = openEvents(path, { signal: reading.signal }).then((stream) => {
    onOpen?.()
    return stream
  })
  const showing = show(opening, onEvent)
  await withDeadline(
    opening.catch(() => null),
    patienceMs,
    null,
  )
  try {
    return await work()
  } finally {
    reading.abort()
    await showing
  }
}

const show = async (
  opening: Promise<AsyncIterable<Uint8Array>>,
  onEvent: (event: ServerEvent) => void,
): Promise<void> => {
  try {
    for await (const event of parseEvents(await opening)) onEvent(event)
  } catch {
    // Aborted because the work is done, or the daemon went away, which the work itself then reports.
  }
}
