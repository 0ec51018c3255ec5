/** Event streams that are followed over restarts of the daemon. */
import { Absence, isAway, onceBack } from './absence.ts'
import { broken } from './connection.ts'
import { openEvents, parseEvents, type ServerEvent } from './event-stream.ts'

interface FollowOptions {
  /** Id of the last event that was already seen. */
  lastEventId?: string
  signal?: AbortSignal
  /** The daemon has answered this command already, so that the first attempt may wait for it too. */
  wasThere?: boolean
  /** Says when the daemon is gone and when it is back. */
  absence?: Absence
}

/** The longest pause that a server may ask for, milliseconds. */
const longestRetryMs = 10_000

/**
 * Follows an event stream until the reader leaves. A connection that ends is opened again where it broke off; if the daemon does not
 * answer, this is said on stderr and waited for.
 * @throws Failure when the daemon was not there to begin with, or when the API refuses; the signal's reason once it aborted
 */
export async function* followEvents(
  path: string,
  { lastEventId = '', signal, wasThere = false, absence = new Absence() }: FollowOptions = {},
): AsyncGenerator<ServerEvent> {
  // An open connection would keep the process alive after the reader has left.
  const reading = new AbortController()
  const either = signal === undefined ? reading.signal : AbortSignal.any([signal, reading.signal])
  let retryMs = 0
  let last = lastEventId
  const open = () => openEvents(path, { lastEventId: last, signal: either })
  try {
    let stream = await (wasThere ? onceBack(open, { absence, signal: either }) : open())
    for (;;) {
      let isEmpty = true
      try {
        for await (const event of parseEvents(stream, (ms) => (retryMs = Math.min(ms, longestRetryMs)))) {
          isEmpty = false
          // On a new connection, events before the first id carry none. The place to resume from must not be forgotten.
          if (event.id !== '') last = event.id
          yield event
        }
      } catch (error) {
        const reason = broken(error, signal)
        if (!isAway(reason)) throw reason
      }
      // A server that ends its streams at once must not be asked without a pause.
      stream = await onceBack(open, { absence, signal: either, pauseMs: Math.max(retryMs, isEmpty ? 1000 : 0) })
    }
  } finally {
    reading.abort()
  }
}
