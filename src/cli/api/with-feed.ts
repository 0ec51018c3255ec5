/** An event stream that is followed during a call. */
import { withDeadline } from '../../lib/async/with-deadline.ts'
import { openEvents, parseEvents, type ServerEvent } from './event-stream.ts'

/** How long a command waits for the feed before it goes ahead without it, milliseconds. */
const feedTimeoutMs = 2000

/**
 * Passes the events of `path` to `onEvent` while `work` runs. The outcome is what `work` resolves to. If the feed fails or ends,
 * only the progress display is lost.
 */
export const withFeed = async <T>(
  path: string,
  onEvent: (event: ServerEvent) => void,
  work: () => Promise<T>,
): Promise<T> => {
  const feed = new AbortController()
  // Opened before the work begins, so that no early step is missed.
  const opening = openEvents(path, { signal: feed.signal })
  const opened = await withDeadline(
    opening.catch(() => null),
    feedTimeoutMs,
    null,
  )
  const showing = opened === null ? Promise.resolve() : show(opened, onEvent)
  try {
    return await work()
  } finally {
    feed.abort()
    await showing
  }
}

const show = async (stream: ReadableStream<Uint8Array>, onEvent: (event: ServerEvent) => void): Promise<void> => {
  try {
    for await (const event of parseEvents(stream)) onEvent(event)
  } catch {
    // Aborted because the work is done, or the daemon went away, which the work itself then reports.
  }
}
