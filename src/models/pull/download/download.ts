/**
 * Downloads and verifies the files of one model in a staging folder. Data from an interrupted download of the same bytes is
 * reused. After any outcome but success, the data stays for the next download.
 *
 * For each file: `<name>.partial` and its journal while bytes are missing → sums compared → fsync → `<name>` → sidecar.
 */
import type { Clock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { Ranges } from '../../../lib/ranges.ts'
import { type DownloadProgress, type FileShare, ProgressReporter } from '../../progress/progress.ts'
import type { Origin, RemoteFile } from '../origin/origin.ts'
import { type StagedNames, stagedNames } from '../staging/staged-names.ts'
import { openStaging, requireSpace } from '../staging/staging.ts'
import type { HeadJudge } from './head.ts'
import { DownloadSession } from './session.ts'
import { type DownloadSettings, defaultSettings } from './settings.ts'
import { type DownloadedFile, findStaged, type Source, type StagedFile, StagedFileSteps } from './staged-file.ts'

export type { DownloadProgress }

export interface DownloadJob extends Source {
  files: readonly RemoteFile[]
  /** Bytes that are made of the files once they are here: they need room as well. */
  madeOfThem?: number
}

export interface DownloadDeps {
  origin: Origin
  clock: Clock
  /** Cancels the download; received data is kept. */
  signal: AbortSignal
  onProgress: (progress: DownloadProgress) => void
  random?: () => number
  settings?: Partial<DownloadSettings>
  /** Without it, any file with the right checksum is accepted. */
  judge?: HeadJudge
}

/**
 * @returns the files in the order of the job
 * @throws Hal0Error `pull.no_space`, `pull.network`, `pull.rate_limited`, `pull.checksum_mismatch`, `pull.cancelled`, what the
 *   origin throws, what the judge throws, `storage.failed`, `request.invalid` for names that cannot be stored
 */
export const download = async (job: DownloadJob, deps: DownloadDeps): Promise<DownloadedFile[]> => {
  const settings = { ...defaultSettings, ...deps.settings }
  const names = stagedNames(job.files)
  await openStaging(job.folder, names)
  const files: StagedFile[] = []
  for (const [index, remote] of job.files.entries())
    files.push(await findStaged(job, remote, names[index] as StagedNames))
  await requireSpace(job.folder, files, settings.reserveBytes, job.madeOfThem)

  const progress = new ProgressReporter(deps.clock, files.map(shareOf), deps.onProgress)
  const received = () => progress.received()
  const { origin, clock, signal, random = Math.random, judge = null } = deps
  const session = new DownloadSession({ origin, clock, random, settings, signal, received })
  try {
    const all = files.map((file, index) => new StagedFileSteps(job, { session, progress, judge }, index, file))
    const enter = (index: number) => progress.enter('downloading', files[index]?.remote.path ?? null)
    // All heads first, so that the model is not downloaded if its projector is refused.
    for (const [index, steps] of all.length > 1 ? all.entries() : []) {
      enter(index)
      await steps.head()
    }
    const done: DownloadedFile[] = []
    for (const [index, steps] of all.entries()) {
      enter(index)
      done.push(await steps.run())
    }
    progress.end('done')
    return done
  } catch (error) {
    progress.end(error instanceof Hal0Error && error.code === 'pull.cancelled' ? 'cancelled' : 'failed')
    throw error
  }
}

const shareOf = ({ remote: { path, size }, finished, known }: StagedFile): FileShare => ({
  path,
  size,
  received: finished ? size : new Ranges(known).total,
})
