/** Shows a pull until it has ended. */

import { Pull } from '../../../contract/models/pull.ts'
import { isUnderWay } from '../../../contract/models/pull-phase.ts'
import { bytes } from '../../../lib/figures.ts'
import { problemsOf } from '../../../lib/validate.ts'
import { openEvents, parseEvents } from '../../api/event-stream.ts'
import { bar, describeFigures } from '../../pull-figures.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { envelopeFailure, Failure } from '../../terminal/failure.ts'
import { talk } from '../../terminal/output.ts'
import { StatusLine } from '../../terminal/status-line.ts'

const read = (data: string): Pull | null => {
  try {
    const value = JSON.parse(data) as unknown
    return problemsOf(Pull, value).length === 0 ? (value as Pull) : null
  } catch {
    // An event that cannot be read is skipped; the next one may be readable.
    return null
  }
}

const shown = (pull: Pull): string => {
  const name = pull.file?.split('/').at(-1) ?? pull.id
  if (pull.position !== null) return `${name}: waiting for its turn, ${pull.position} in the queue`
  if (pull.phase === 'resolving') return `${name}: asking the hub`
  if (pull.phase === 'verifying') return `${name}: verifying`
  return [name, bar(pull), describeFigures(pull)].filter((part) => part !== '').join('  ')
}

/** Pause before asking a daemon that is being restarted again, milliseconds. */
const againMs = 1000

/** Shows an event. @returns the pull if the event was the last one. @throws Failure when the pull failed */
const tell = (pull: Pull, line: StatusLine, told: Set<string>): Pull | null => {
  if (isUnderWay(pull)) {
    for (const { path, size, received } of pull.files) {
      if (received < size || told.has(path)) continue
      told.add(path)
      line.clear()
      talk.log(`${path}  ${bytes(size)}`)
    }
    line.show(`${pull.phase} ${pull.file}`, shown(pull))
    return null
  }
  line.clear()
  if (pull.phase === 'failed' && pull.error !== null) throw envelopeFailure(pull.error, pull.id)
  return pull
}

/**
 * Shows one line for each file: rewritten on a terminal, plain elsewhere. Survives restarts of the daemon, which resumes the pull.
 * @returns the pull after it has ended
 * @throws Failure when it failed, or does not exist; the signal's reason once it aborted
 */
export const followPull = async (id: string, signal: AbortSignal): Promise<Pull> => {
  const line = new StatusLine()
  const told = new Set<string>()
  // Ends the feed after the last event: an open one would keep the process alive.
  const feed = new AbortController()
  const either = AbortSignal.any([signal, feed.signal])
  try {
    for (let lost = false; ; lost = true) {
      if (lost) await Bun.sleep(againMs)
      signal.throwIfAborted()
      const stream = await openEvents(`/api/models/${encodeURIComponent(id)}/pull/events`, { signal: either }).catch(
        (error: unknown) => {
          if (signal.aborted) throw signal.reason
          if (lost && error instanceof Failure && error.exitCode === exitCode.unreachable) return null
          throw error
        },
      )
      if (stream === null) continue
      try {
        for await (const { data } of parseEvents(stream)) {
          const pull = read(data)
          const last = pull === null ? null : tell(pull, line, told)
          if (last !== null) return last
        }
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (error instanceof Failure) throw error
        // The connection broke; the next attempt shows whether the daemon is back.
      }
      line.clear()
    }
  } finally {
    feed.abort()
    line.clear()
  }
}
