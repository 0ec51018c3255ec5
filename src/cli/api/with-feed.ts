/** An event stream beside a call. */
import { withDeadline } from '../../lib/async/with-deadline.ts'
import { openEvents, parseEvents, type ServerEvent } from './event-stream.ts'

/** How long a command waits for the feed before it goes ahead without, milliseconds. */
const feedPatienceMs = 2000

/**
 * Tells what the events of `path` say while `work` runs. The feed only tells; what `work` resolves to is the outcome, so a feed
 * that fails or ends costs the progress and nothing else.
 */
export const withFeed = async <T>(
  path: string,
  onEvent: (event: ServerEvent) => void,
  work: () => Promise<T>,
): Promise<T> => {
  const feed = new AbortController()
  // Opened before the work begins, so that its first steps are seen.
  const opening = openEvents(path, { signal: feed.signal })
  const opened = await withDeadline(
    opening.catch(() => null),
    feedPatienceMs,
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
    // Aborted when the work was done, or the daemon went away, which the work itself then tells.
  }
}
