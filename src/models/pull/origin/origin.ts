/** Where a pull gets its bytes from: the port between the download engine and the client of a hub. */
import { Hal0Error } from '../../../lib/hal0-error.ts'

/** A file as the hub describes it, at the pinned commit. */
export interface RemoteFile {
  /** Path in the repository. */
  path: string
  /** Bytes. */
  size: number
  /** The checksum that the hub states: sha256 for LFS files, otherwise the git blob sha1. */
  sum: { kind: 'sha256' | 'git-sha1'; hex: string }
}

/** The answer to a request, with its body unread. */
export interface OriginAnswer {
  status: number
  /** The `Content-Range` as [from, to): HTTP states the last byte, but here `to` is the one after it. `size` null: `*`. */
  contentRange: { from: number; to: number; size: number | null } | null
  contentLength: number | null
  contentEncoding: string | null
  etag: string | null
  body: ReadableStream<Uint8Array> | null
}

/** A place that files are downloaded from, at one pinned commit. */
export interface Origin {
  /**
   * Requests the bytes [from, to) of a file; `to` null: the rest; from 0 to null: the whole file, without a Range header.
   * Resolves with any answer.
   * @throws Hal0Error `pull.*`, with retryAfterS where the origin says so
   */
  open(path: string, from: number, to: number | null, signal: AbortSignal): Promise<OriginAnswer>
}

/** @param why what the origin did; continues a sentence after "the origin" */
export const networkError = (path: string, why: string, cause?: unknown): Hal0Error =>
  new Hal0Error(
    'pull.network',
    `${path} could not be downloaded: the origin ${why}. Check the network and pull again; what is here is kept.`,
    { details: { file: path, reason: why }, cause },
  )
