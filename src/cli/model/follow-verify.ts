/** Verifies a model and shows the progress. */
import { type ModelVerification, VerificationProgress } from '../../contract/models/model.ts'
import { problemsOf } from '../../lib/validate.ts'
import { call } from '../api/client.ts'
import { withFeed } from '../api/with-feed.ts'
import { bar, describeFigures } from '../pull-figures.ts'
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
  line.show(name, [name, bar(all), describeFigures(all)].filter((part) => part !== '').join('  '))
}

/**
 * One line that rewrites itself on a terminal; elsewhere a plain line for each file that takes long enough to be reported.
 * @throws Failure as `call` does; the signal's reason once it aborted
 */
export const followVerify = async (id: string, signal: AbortSignal): Promise<ModelVerification> => {
  const line = new StatusLine(Number.POSITIVE_INFINITY)
  try {
    return await withFeed(
      `/api/models/${encodeURIComponent(id)}/verify/events`,
      ({ event, data }) => {
        const progress = event === 'verify' ? read(data) : null
        if (progress !== null) show(line, progress)
      },
      () => call('verifyModel', { params: { id }, signal }),
    )
  } finally {
    line.clear()
  }
}
