/** Who follows a feed: its own stream, or its part of one that several feeds share. */
import { type EventStream, encodeFrame, type Frame } from './sse.ts'

export interface FeedReader {
  /** Sends an event that has to arrive. */
  send(frame: Frame): void
  /** Sends an event that the next one replaces, unless the reader lags. */
  offer(frame: Frame): void
  /** Resolves when the reader has taken everything, or has gone. */
  drained(): Promise<void>
  /** Ends the stream; the client reconnects. */
  close(): void
}

/** So that an event is encoded once, however many readers it has. */
const encoded = new WeakMap<Frame, Uint8Array>()

const bytesOf = (frame: Frame): Uint8Array => {
  const known = encoded.get(frame)
  if (known !== undefined) return known
  const bytes = encodeFrame(frame)
  encoded.set(frame, bytes)
  return bytes
}

/** The reader of a stream that has one feed. */
export const readerOf = (stream: EventStream): FeedReader => ({
  send: (frame) => stream.send(bytesOf(frame)),
  offer: (frame) => stream.offer(bytesOf(frame)),
  drained: () => stream.drained(),
  close: () => stream.close(),
})
