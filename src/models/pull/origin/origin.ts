/** Where a pull gets its bytes from: the port between the download engine and the client of a hub. */
import { Hal0Error } from '../../../lib/hal0-error.ts'

/** A file as the hub describes it, at the pinned commit. */
export interface RemoteFile {
  /** In the repository. */
  path: string
  /** Bytes. */
  size: number
  /** What the hub says: sha256 of LFS files, else the git blob sha1. */
  sum: { kind: 'sha256' | 'git-sha1'; hex: string }
}

/** What came back for a request, with the body still to be read. */
export interface OriginAnswer {
  status: number
  /** Of `Content-Range`, as [from, to): HTTP states the last byte, here `to` is the one after it. `size` null: `*`. */
  contentRange: { from: number; to: number; size: number | null } | null
  contentLength: number | null
  contentEncoding: string | null
  etag: string | null
  body: ReadableStream<Uint8Array> | null
}

/** A place that files are downloaded from, at one pinned commit. */
export interface Origin {
  /**
   * Asks for the bytes [from, to) of a file; `to` null: the rest; from 0 to null: the whole, without a Range.
   * Resolves with what came back, whatever it is.
   * @throws Hal0Error `pull.*`, with retryAfterS where the origin says so
   */
  open(path: string, from: number, to: number | null, signal: AbortSignal): Promise<OriginAnswer>
}

/** @param why what the origin did, after "the origin" */
export const networkError = (path: string, why: string, cause?: unknown): Hal0Error =>
  new Hal0Error(
    'pull.network',
    `${path} could not be downloaded: the origin ${why}. Check the network and pull again; what is here is kept.`,
    { details: { file: path, reason: why }, cause },
  )
