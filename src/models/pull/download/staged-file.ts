/** Brings one file of a download from whatever is on the disk to the verified file. */
import { rename, unlink } from 'node:fs/promises'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { Range } from '../../../lib/ranges.ts'
import { syncFolder } from '../../../system/files/atomic-file.ts'
import { pathBelow } from '../../naming/model-paths.ts'
import type { ProgressReporter } from '../../progress/progress.ts'
import { sidecarPath, writeSidecar } from '../../verify/checksum.ts'
import type { RemoteFile } from '../origin/origin.ts'
import { diskError } from '../staging/disk-error.ts'
import { FrontHash } from '../staging/front-hash.ts'
import { identify, readJournal, removeJournal, writeJournal } from '../staging/journal.ts'
import { PartialFile } from '../staging/partial-file.ts'
import type { StagedNames } from '../staging/staged-names.ts'
import { isFinished } from '../staging/staging.ts'
import { FileDownload } from './file-download.ts'
import type { HeadJudge } from './head.ts'
import { cancelled, type DownloadSession } from './session.ts'

/** What the bytes come from, and where they go. */
export interface Source {
  /** The staging folder; its parent exists. One download at a time may use it. */
  folder: string
  /** The commit that the origin serves: data of another commit is not used. */
  commit: string
}

/** A verified file in the staging folder, durable, with its sidecar. */
export interface DownloadedFile {
  /** Path in the repository. */
  path: string
  /** Name in the staging folder: the last part of the path. */
  name: string
  size: number
  sha256: string
}

export interface StagedFile {
  remote: RemoteFile
  names: StagedNames
  /** It already has its final name: it is hashed again before it is trusted. */
  finished: boolean
  /** Ranges of the partial file that are written, according to the journal. */
  known: Range[]
}

/** @throws Hal0Error `storage.failed` */
export const findStaged = async (job: Source, remote: RemoteFile, names: StagedNames): Promise<StagedFile> => {
  const finished = await isFinished(job.folder, names, remote.size)
  const identity = identify(job.commit, remote)
  const known = await readJournal(pathBelow(job.folder, names.journal), identity)
  return { remote, names, finished, known }
}

/** The steps for one file, from whatever is on the disk to the verified file. */
export class StagedFileSteps {
  readonly #job: Source
  readonly #session: DownloadSession
  readonly #progress: ProgressReporter
  readonly #index: number
  readonly #judge: HeadJudge | null
  #file: StagedFile

  constructor(
    job: Source,
    { session, progress, judge }: { session: DownloadSession; progress: ProgressReporter; judge: HeadJudge | null },
    index: number,
    file: StagedFile,
  ) {
    this.#job = job
    this.#session = session
    this.#progress = progress
    this.#judge = judge
    this.#index = index
    this.#file = file
  }

  async run(): Promise<DownloadedFile> {
    const { names, remote } = this.#file
    const sha256 = (this.#file.finished ? await this.#believe() : null) ?? (await this.#download())
    await writeSidecar(this.#path(names.name), sha256).catch((error: unknown) => {
      throw diskError(
        error instanceof Error ? error.cause : error,
        sidecarPath(this.#path(names.name)),
        'save a checksum',
      )
    })
    await removeJournal(this.#path(names.journal))
    return { path: remote.path, name: names.name, size: remote.size, sha256 }
  }

  #path(name: string): string {
    return pathBelow(this.#job.folder, name)
  }

  /** The sha256 of the finished file; null if the file is wrong and was removed. */
  async #believe(): Promise<string | null> {
    const { names, remote } = this.#file
    const path = this.#path(names.name)
    const file = await PartialFile.open(path, remote.size)
    try {
      const hash = new FrontHash(remote, (into, at) => file.read(into, at))
      await hash.reach(remote.size, this.#session.signal)
      if (hash.hashed < remote.size) throw cancelled()
      const sums = hash.sums()
      if (sums.stated === remote.sum.hex) return sums.sha256
    } finally {
      await file.close()
    }
    await remove(path)
    return null
  }

  /** Fetches enough to check the head of the file. @throws Hal0Error why it is refused; `pull.*`, `storage.*` */
  async head(): Promise<void> {
    const { finished, remote, names } = this.#file
    if (finished || this.#judge === null) return
    await this.#withPartial((download) => download.head())
    this.#file = await findStaged(this.#job, remote, names)
  }

  async #withPartial<T>(work: (download: FileDownload, partial: PartialFile) => Promise<T>): Promise<T> {
    const { names, remote, known } = this.#file
    const judge = this.#judge
    const identity = identify(this.#job.commit, remote)
    const partial = await PartialFile.open(this.#path(names.partial), remote.size)
    try {
      const download = new FileDownload(remote, partial.found ? known : [], {
        session: this.#session,
        partial,
        record: (written) => writeJournal(this.#path(names.journal), identity, written),
        onReceived: (bytes) => this.#progress.onReceived(this.#index, bytes),
        onVerifying: () => this.#progress.enter('verifying', remote.path),
        judge: judge === null ? null : (head) => judge(remote.path, head),
      })
      return await work(download, partial)
    } finally {
      await partial.close()
    }
  }

  async #download(): Promise<string> {
    const { names, remote } = this.#file
    const partialPath = this.#path(names.partial)
    const journalPath = this.#path(names.journal)
    const sums = await this.#withPartial(async (download, partial) => {
      const all = await download.run()
      await partial.persist()
      return all
    })
    if (sums.stated !== remote.sum.hex) {
      // The journal first: without it, nothing in the partial file is trusted.
      await removeJournal(journalPath)
      await remove(partialPath)
      throw mismatch(remote, sums.stated)
    }
    await this.#promote(partialPath)
    return sums.sha256
  }

  async #promote(partialPath: string): Promise<void> {
    const path = this.#path(this.#file.names.name)
    try {
      await rename(partialPath, path)
      await syncFolder(this.#job.folder)
    } catch (error) {
      throw diskError(error, path, 'save a downloaded file')
    }
  }
}

const remove = async (path: string): Promise<void> => {
  await unlink(path).catch((error: unknown) => {
    throw diskError(error, path, 'remove a file that is not the right one')
  })
}

const mismatch = (remote: RemoteFile, actual: string): Hal0Error =>
  new Hal0Error(
    'pull.checksum_mismatch',
    `${remote.path} arrived with another checksum than it should have: ${actual} instead of ${remote.sum.hex}. It was discarded; pull again.`,
    { details: { file: remote.path, kind: remote.sum.kind, expected: remote.sum.hex, actual } },
  )
