import type { SlotState } from '../../../contract/slot.ts'
import type { ServerEvent } from '../../api/event-stream.ts'
import { withFeed } from '../../api/with-feed.ts'
import type { StatusLine } from '../../terminal/status-line.ts'
import { describeProgress, readSlotEvent, type SlotNews } from './progress.ts'

const passing: readonly SlotState[] = ['pulling', 'starting', 'warming', 'unloading']

/** Whether a slot leaves this state by itself. */
export const isPassing = (state: SlotState): boolean => passing.includes(state)

/** Shows on `line` what the slot `name` is doing, if `news` is about that. */
export const showNews = (news: SlotNews, name: string, line: StatusLine, prefix: string): void => {
  if (news.kind === 'progress' && news.progress.name === name) {
    line.show(news.progress.state, `${prefix}${describeProgress(news.progress)}`)
  } else if (news.kind === 'record' && news.record.name === name && isPassing(news.record.state)) {
    line.show(news.record.state, `${prefix}${news.record.state}`)
  }
}

/**
 * Shows the progress of a slot on `line` while `work` runs.
 * @param prefix put before each line
 * @param onThere called when the daemon has answered
 */
export const withProgress = async <T>(
  name: string,
  line: StatusLine,
  prefix: string,
  work: () => Promise<T>,
  onThere: () => void = () => {},
): Promise<T> => {
  const onEvent = (event: ServerEvent): void => {
    const news = readSlotEvent(event)
    if (news !== null) showNews(news, name, line, prefix)
  }
  try {
    return await withFeed({ path: '/api/slots/events', onOpen: onThere, onEvent }, work)
  } finally {
    line.clear()
  }
}
