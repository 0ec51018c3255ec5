/** The stream of slot events. EventSource reconnects by itself with Last-Event-ID, unless the server refused the stream. */
import type { SlotProgress, SlotRecord } from '../../src/contract/slot.ts'

export interface SlotListener {
  onRecord(record: SlotRecord): void
  onProgress(progress: SlotProgress): void
  onDeleted(name: string): void
  onOpen(): void
  onLost(): void
}

const retryMs = 3000

export const followSlots = (listener: SlotListener): void => {
  const source = new EventSource('/api/slots/events')
  const on = (event: string, hear: (data: unknown) => void): void =>
    source.addEventListener(event, ({ data }) => hear(JSON.parse(data)))
  on('slot', (data) => listener.onRecord(data as SlotRecord))
  on('progress', (data) => listener.onProgress(data as SlotProgress))
  on('deleted', (data) => listener.onDeleted((data as { name: string }).name))
  source.addEventListener('open', () => listener.onOpen())
  source.addEventListener('error', () => {
    listener.onLost()
    if (source.readyState === EventSource.CLOSED) setTimeout(() => followSlots(listener), retryMs)
  })
}
