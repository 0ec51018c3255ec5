/** The stream of all pulls. EventSource reconnects by itself with Last-Event-ID, unless the server refused the stream. */
import type { Pull } from '../../src/contract/models/pull.ts'

export interface PullListener {
  onPull(pull: Pull): void
}

/** Pause after the stream was refused. */
const retryMs = 3000

/** @returns a function that closes the stream */
export const followPulls = (listener: PullListener): (() => void) => {
  let source: EventSource | null = null
  let retry: ReturnType<typeof setTimeout> | undefined
  const open = (): void => {
    const opened = new EventSource('/api/pulls/events')
    source = opened
    opened.addEventListener('pull', ({ data }) => listener.onPull(JSON.parse(data) as Pull))
    opened.addEventListener('error', () => {
      if (opened.readyState === EventSource.CLOSED) retry = setTimeout(open, retryMs)
    })
  }
  open()
  return () => {
    clearTimeout(retry)
    source?.close()
  }
}
