/** The stream of one pull. EventSource comes back by itself, unless the server refused the stream. */
import type { Pull } from '../../src/contract/pull.ts'

export interface PullListener {
  onPull(pull: Pull): void
  /** The stream has ended for good: there is no such pull any more, or too many streams are open. */
  onRefused(): void
}

/** @returns what closes the stream */
export const followPull = (id: string, listener: PullListener): (() => void) => {
  const source = new EventSource(`/api/models/${encodeURIComponent(id)}/pull/events`)
  source.addEventListener('pull', ({ data }) => listener.onPull(JSON.parse(data) as Pull))
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) listener.onRefused()
  })
  return () => source.close()
}
