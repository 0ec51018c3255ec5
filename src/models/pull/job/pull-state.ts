/** The state of a pull in the API, derived from its events. Pure. */

import type { ModelEntry } from '../../../contract/models/model.ts'
import type { Pull, PullRequest } from '../../../contract/models/pull.ts'
import { repoOf } from '../../../contract/models/pull-place.ts'
import { totalSize } from '../../../lib/figures.ts'
import type { HubRepository } from '../../hub/client/hub-client.ts'
import type { DownloadProgress } from '../../progress/progress.ts'
import type { RemoteFile } from '../origin/origin.ts'

export const pullAskedFor = (id: string, request: PullRequest): Pull => ({
  id,
  request,
  position: null,
  repo: repoOf(request),
  revision: null,
  files: [],
  bytes_total: null,
  bytes_received: 0,
  throughput_bps: null,
  elapsed_s: 0,
  eta_s: null,
  file: null,
  phase: 'resolving',
  error: null,
})

/** The model was already in the registry. */
export const pullThatIsHere = ({ files: registered, source }: ModelEntry): Partial<Pull> => {
  const files = registered.map(({ path, size }, index) => ({
    path: source?.files[index] ?? path,
    size,
    received: size,
  }))
  const bytes = totalSize(files)
  return { phase: 'done', revision: source?.revision ?? null, files, bytes_total: bytes, bytes_received: bytes }
}

/** The hub, or the pins of a package, have said which files there are. */
export const pullPlanned = (
  { repo, commit }: Pick<HubRepository, 'repo' | 'commit'>,
  files: readonly RemoteFile[],
): Partial<Pull> => ({
  phase: 'downloading',
  repo,
  revision: commit,
  files: files.map(({ path, size }) => ({ path, size, received: 0 })),
  bytes_total: totalSize(files),
})

/** Some of the files already exist and need no download. */
export const withLying = ({ files }: Pull, lying: ReadonlyMap<string, unknown>): Partial<Pull> => {
  const known = files.map((one) => (lying.has(one.path) ? { ...one, received: one.size } : one))
  return { files: known, bytes_received: known.reduce((sum, { received }) => sum + received, 0) }
}

/**
 * The end of the download is not the end of the pull: registration follows, or the error of the failure.
 * @param lying bytes of the files that needed no download
 */
export const pullUnderWay = (
  pull: Pull,
  { phase, file, received, throughputBps, etaS, files }: DownloadProgress,
  lying: number,
): Partial<Pull> => ({
  phase: phase === 'downloading' ? phase : 'verifying',
  file,
  bytes_received: lying + received,
  throughput_bps: throughputBps,
  eta_s: etaS,
  files: pull.files.map((one) => ({ ...one, received: files.get(one.path) ?? one.received })),
})
