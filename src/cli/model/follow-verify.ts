/** Verifies a model and shows the progress. */
import { type ModelVerification, VerificationProgress } from '../../contract/models/model.ts'
import { problemsOf } from '../../lib/validate.ts'
import { Absence, isAway, untilBack } from '../api/absence.ts'
import { call } from '../api/client.ts'
import { withFeed } from '../api/with-feed.ts'
import { progressLine } from '../pull-figures.ts'
import { Failure } from '../terminal/failure.ts'
import { talk } from '../terminal/output.ts'
import { StatusLine } from '../terminal/status-line.ts'

const read = (data: string): VerificationProgress | null => {
  try {
    const value = JSON.parse(data) as unknown
    return problemsOf(VerificationProgress, value).length === 0 ? (value as VerificationProgress) : null
  } catch {
    // An event that cannot be read is skipped; the next one may be readable.
    return null
  }
}

const show = (line: StatusLine, { id, file, bytes_done, ...figures }: VerificationProgress): void => {
  if (!line.live) {
    if (file !== null) line.show(file, `${id}: hashing ${file}`)
    return
  }
  const all = { ...figures, bytes_received: bytes_done }
  const name = file?.split('/').at(-1) ?? id
  line.show(name, progressLine(name, all))
}

/**
 * One line that rewrites itself on a terminal; elsewhere a plain line for each file that takes long enough to be reported. If the
 * daemon goes away, this waits until it is back and verifies again: what the old one had hashed is lost with it.
 * @throws Failure as `call` does; the signal's reason once it aborted
 */
export const followVerify = async (id: string, signal: AbortSignal): Promise<ModelVerification> => {
  const line = new StatusLine(Number.POSITIVE_INFINITY)
  const absence = new Absence(() => line.clear())
  let wasThere = false
  for (;;) {
    try {
      return await withFeed(
        {
          path: `/api/models/${encodeURIComponent(id)}/verify/events`,
          onOpen: () => {
            wasThere = true
          },
          onEvent: ({ event, data }) => {
            const progress = event === 'verify' ? read(data) : null
            if (progress !== null) show(line, progress)
          },
        },
        () => call('verifyModel', { params: { id }, signal }),
      )
    } catch (error) {
      const isStopped = error instanceof Failure && error.body?.code === 'model.verify_stopped'
      if (!isStopped && (!wasThere || !isAway(error))) throw error
    } finally {
      line.clear()
    }
    absence.begin()
    await untilBack({ absence, signal })
    talk.log(`Verifying ${id} again from the beginning.`)
  }
}
