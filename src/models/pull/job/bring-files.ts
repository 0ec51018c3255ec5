/** Gets the files of a plan: existing ones are used, the others are downloaded. */
import type { Pull, PullRequest } from '../../../contract/models/pull.ts'
import { isPackagePull } from '../../../contract/models/pull-place.ts'
import type { HubRepository } from '../../hub/client/hub-client.ts'
import { pathBelow } from '../../naming/model-paths.ts'
import type { ModelRegistry } from '../../registry/registry.ts'
import type { DownloadSettings } from '../download/settings.ts'
import type { Downloader } from '../thread/download-in-thread.ts'
import { filesOf, type PullPlan } from './pull-plan.ts'
import { pullPlanned, pullUnderWay, withLying } from './pull-state.ts'
import { findHere, type LyingFile } from './reuse.ts'

export interface BringDeps {
  /** models/ */
  folder: string
  registry: Pick<ModelRegistry, 'list'>
  download: Downloader
  /** Parameters of downloads; missing ones have their defaults. */
  settings?: Partial<DownloadSettings>
}

export interface Wanted {
  plan: PullPlan
  repository: Pick<HubRepository, 'repo' | 'commit'>
  request: PullRequest
  /** Folder of downloads until they are registered. */
  staging: string
}

/** The pull that needs the files. */
export interface BringPorts {
  /** What it shows now. */
  pull: () => Pull
  change: (changes: Partial<Pull>) => void
  /** Cancels; received data is kept. */
  signal: AbortSignal
}

/**
 * @returns where the files are, by their path in the repository
 * @throws Hal0Error what the downloader throws
 */
export const bringFiles = async (
  { plan, repository: { repo, commit }, request, staging }: Wanted,
  { folder, registry, download, settings = {} }: BringDeps,
  { pull, change, signal }: BringPorts,
): Promise<Map<string, LyingFile>> => {
  const files = filesOf(plan)
  const here = await findHere(folder, files, registry.list(), signal)
  change(withLying(pull(), here))
  const lacking = files.filter(({ path }) => !here.has(path))
  if (lacking.length === 0) {
    // Of a package, the file is here and its archive is not needed.
    if (isPackagePull(request)) change(pullPlanned({ repo, commit }, files))
    change(withLying(pull(), here))
    return here
  }
  const lying = pull().bytes_received
  const all = files.map(({ path }) => path)
  const done = await download(
    isPackagePull(request)
      ? { folder: staging, request }
      : { folder: staging, repo, commit, files: lacking, all, projector: plan.projector?.path ?? null },
    { signal, settings, onProgress: (progress) => change(pullUnderWay(pull(), progress, lying)) },
  )
  return new Map([
    ...here,
    ...done.map(({ path, name, sha256 }) => [path, { from: pathBelow(staging, name), sha256 }] as const),
  ])
}
