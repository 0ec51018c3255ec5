/** Opens a range of a file at the hub. The file is resolved once; ranges then come from the storage's signed address until it expires. */
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { HubAccess, HubTarget } from './hub-access.ts'
import { type ContentRange, parseContentRange, parseEtag, parseLength } from './hub-headers.ts'
import type { FinalResponse, LinkedFile } from './redirects.ts'
import type { SignedUrls } from './signed-urls.ts'

/** A file at a commit. */
export interface PinnedFile {
  repo: string
  /** A branch also works, but pins nothing. */
  commit: string
  path: string
}

export interface OpenedFile {
  /** 200: the whole file, whatever was requested. 206: see contentRange. 416: no body; the range is beyond the end of the file. */
  status: number
  contentRange: ContentRange | null
  /** Length of this answer, bytes. */
  contentLength: number | null
  /** null: the bytes are those of the file. An encoding is never decoded here. */
  contentEncoding: string | null
  /** ETag of this answer, without quotes. */
  etag: string | null
  /** What the hub itself says about a large file: its sha256. */
  linkedEtag: string | null
  linkedSize: number | null
  commit: string | null
  body: ReadableStream<Uint8Array> | null
}

export interface RangeRequest {
  access: HubAccess
  signedUrls: SignedUrls
  target: HubTarget
  /** Address of the file at the hub. */
  url: URL
  file: PinnedFile
  from: number
  /** Exclusive; null: to the end. */
  to: number | null
  signal: AbortSignal
}

const usable = new Set([200, 206, 416])
/** Statuses with which storages refuse an expired or invalid signature. */
const refusals = new Set([400, 401, 403, 404, 410])

/** The header that asks for the bytes [from, to); `to` null: to the end. @throws Hal0Error `request.invalid` */
export const rangeHeader = (from: number, to: number | null): Record<string, string> => {
  if (!Number.isSafeInteger(from) || from < 0 || (to !== null && (!Number.isSafeInteger(to) || to <= from))) {
    throw new Hal0Error('request.invalid', `There is no range from byte ${from} to before byte ${to}.`)
  }
  if (from === 0 && to === null) return {}
  return { range: `bytes=${from}-${to === null ? '' : to - 1}` }
}

const opened = async ({ response, linked }: FinalResponse, known: LinkedFile): Promise<OpenedFile> => {
  const { status, headers } = response
  if (status === 416) await response.body?.cancel()
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  return {
    status,
    contentRange: parseContentRange(headers.get('content-range')),
    contentLength: parseLength(headers.get('content-length')),
    contentEncoding: encoding === '' || encoding === 'identity' ? null : encoding,
    etag: parseEtag(headers.get('etag')),
    linkedEtag: linked.etag ?? known.etag,
    linkedSize: linked.size ?? known.size,
    commit: linked.commit ?? known.commit,
    body: status === 416 ? null : response.body,
  }
}

/** @throws Hal0Error `pull.*`; the reason of `signal` once it aborted */
export const openRange = async (request: RangeRequest): Promise<OpenedFile> => {
  const { access, signedUrls, target, url, file, signal } = request
  const headers = rangeHeader(request.from, request.to)
  const known = signedUrls.get(url.href)
  if (known !== null) {
    try {
      const again = await access.follow(target, known.url, headers, signal)
      if (usable.has(again.response.status)) return await opened(again, known.linked)
      if (!refusals.has(again.response.status)) throw await access.failure(target, again, asked(file))
      await again.response.body?.cancel()
    } catch (error) {
      // A new address may lead to a part of the storage that works.
      signedUrls.forget(url.href)
      throw error
    }
    signedUrls.forget(url.href)
  }
  const final = await access.follow(target, url, headers, signal)
  if (!usable.has(final.response.status)) throw await access.failure(target, final, asked(file))
  if (final.url.origin !== target.origin) signedUrls.set(url.href, { url: final.url, linked: final.linked })
  return await opened(final, final.linked)
}

const asked = ({ repo, commit, path }: PinnedFile) => ({ repo, revision: commit, path })
