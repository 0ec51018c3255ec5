/** Messages between the daemon and a download thread: plain data, since they are copied. */
import type { ErrorBody } from '../../../contract/error.ts'
import type { HubPlace } from '../../hub/client/hub-setup.ts'
import type { DownloadProgress } from '../../progress/progress.ts'
import type { DownloadJob } from '../download/download.ts'
import type { DownloadSettings } from '../download/settings.ts'
import type { DownloadedFile } from '../download/staged-file.ts'
import type { PackageDownload } from '../package/bring-package.ts'

/** Of the hub. */
export interface HubDownload extends DownloadJob {
  repo: string
  /** Paths of all files of the pull, first shard first, including those that need no download. */
  all: readonly string[]
  /** Path of the model's projector; null: there is none. */
  projector: string | null
}

/** What a thread can bring. */
export type ThreadDownload = HubDownload | PackageDownload

export type ToThread =
  | { say: 'begin'; what: ThreadDownload; settings: Partial<DownloadSettings>; hub: HubPlace }
  | { say: 'cancel' }

export type FromThread =
  | { say: 'progress'; progress: DownloadProgress }
  | { say: 'done'; files: DownloadedFile[] }
  | { say: 'failed'; error: ErrorBody }
