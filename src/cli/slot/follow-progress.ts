import { withDeadline } from '../../lib/with-deadline.ts'
import { openEvents, parseEvents } from '../event-stream.ts'
import type { StatusLine } from '../status-line.ts'
import { describeProgress, readSlotEvent } from './progress.ts'

/** How long a command waits for the feed before it goes ahead without, milliseconds. */
const feedPatienceMs = 2000

const passing = new Set(['pulling', 'starting', 'warming', 'unloading'])

/**
 * Shows on `line` how a slot gets along while `work` runs. The feed only tells; what `work` resolves to is the outcome, so a feed
 * that fails or ends costs the progress and nothing else.
 * @param prefix put before each line
 */
export const withProgress = async <T>(
  name: string,
  line: StatusLine,
  prefix: string,
  work: () => Promise<T>,
): Promise<T> => {
  const feed = new AbortController()
  // Opened before the work begins, so that its first steps are seen.
  const opening = openEvents('/api/slots/events', { signal: feed.signal })
  const opened = await withDeadline(
    opening.catch(() => null),
    feedPatienceMs,
    null,
  )
  const showing = opened === null ? Promise.resolve() : show(name, opened, line, prefix)
  try {
    return await work()
  } finally {
    feed.abort()
    await showing
    line.clear()
  }
}

const show = async (
  name: string,
  stream: ReadableStream<Uint8Array>,
  line: StatusLine,
  prefix: string,
): Promise<void> => {
  try {
    for await (const event of parseEvents(stream)) {
      const news = readSlotEvent(event)
      if (news === null) continue
      if (news.kind === 'progress' && news.progress.name === name) {
        line.show(news.progress.state, `${prefix}${describeProgress(news.progress)}`)
      } else if (news.kind === 'record' && news.record.name === name && passing.has(news.record.state)) {
        line.show(news.record.state, `${prefix}${news.record.state}`)
      }
    }
  } catch {
    // Aborted when the work was done, or the daemon went away, which the work itself then tells.
  }
}
