import { withFeed } from '../../api/with-feed.ts'
import type { StatusLine } from '../../terminal/status-line.ts'
import { describeProgress, readSlotEvent } from './progress.ts'

const passing = new Set(['pulling', 'starting', 'warming', 'unloading'])

/**
 * Shows the progress of a slot on `line` while `work` runs.
 * @param prefix put before each line
 */
export const withProgress = async <T>(
  name: string,
  line: StatusLine,
  prefix: string,
  work: () => Promise<T>,
): Promise<T> => {
  try {
    return await withFeed(
      '/api/slots/events',
      (event) => {
        const news = readSlotEvent(event)
        if (news?.kind === 'progress' && news.progress.name === name) {
          line.show(news.progress.state, `${prefix}${describeProgress(news.progress)}`)
        } else if (news?.kind === 'record' && news.record.name === name && passing.has(news.record.state)) {
          line.show(news.record.state, `${prefix}${news.record.state}`)
        }
      },
      work,
    )
  } finally {
    line.clear()
  }
}
