/** One GET of a package index, with a limit of its silence and of its length. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { errnoOf } from '../files/storage-error.ts'
import type { IndexCodes } from './index-codes.ts'

export interface FetchOptions {
  headers: Record<string, string>
  /** PEM certificates to trust instead of the built-in ones; null: the built-in ones. */
  ca: string | null
  /** Longest silence of the server, milliseconds. */
  stallMs: number
  /** A larger body is refused. */
  maxBytes: number
  /** Use the bytes as they arrive, even if they are declared to be compressed. */
  raw: boolean
  codes: IndexCodes
}

/** Every failure names only the host: the rest of an index URL may contain credentials. */
export const indexFailure = (
  code: IndexCodes[keyof IndexCodes],
  url: URL,
  why: string,
  { cause, status }: { cause?: unknown; status?: number } = {},
): Hal0Error =>
  new Hal0Error(code, `The package index at ${url.host} ${why}`, {
    details: { host: url.host, ...(status === undefined ? {} : { status }) },
    cause,
  })

export const networkAdvice =
  'Check the network and the proxy settings, or name a mirror in PIP_INDEX_URL, and try again.'

/** Whether an answer is a page for people, as which no archive is served. */
export const isPage = (contentType: string | null): boolean => /^\s*text\/html\b/i.test(contentType ?? '')

/** What answers with a page in place of a file; continues a sentence. */
export const pageInstead = (file: string): string =>
  `answered with a web page in place of ${file}. A network that wants you to sign in does that, and so do some proxies. Open a page in a browser on this network, or check the proxy, and try again.`

/** The error for an answer that is no success. */
export const statusFailure = (url: URL, status: number, codes: IndexCodes): Hal0Error => {
  if (status === 404) {
    return indexFailure(codes.absent, url, 'does not have the package (404). Check PIP_INDEX_URL.', { status })
  }
  return status === 401 || status === 403
    ? indexFailure(codes.refused, url, `answered ${status}. Check its user name and password.`, { status })
    : indexFailure(codes.network, url, `answered ${status}. Try again later.`, { status })
}

/**
 * GETs `url` and hands its body to `take`, chunk by chunk, with back-pressure.
 * @returns the final URL after redirects, and the content type
 * @throws Hal0Error with one of the codes, and what `take` throws
 */
export const fetchBody = async (
  url: URL,
  options: FetchOptions,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<{ url: URL; contentType: string }> => {
  const { network } = options.codes
  const stalled = new AbortController()
  let timer = setTimeout(() => stalled.abort(), options.stallMs)
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => stalled.abort(), options.stallMs)
  }
  const reading = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read()
    } catch (cause) {
      if (stalled.signal.aborted) {
        throw indexFailure(network, url, `sent nothing for ${options.stallMs / 1000} s. ${networkAdvice}`, { cause })
      }
      const errno = errnoOf(cause) ?? 'network error'
      throw indexFailure(network, url, `cannot be reached or broke off (${errno}). ${networkAdvice}`, { cause })
    }
  }
  try {
    const response = await reading(() =>
      fetch(url, {
        headers: options.headers,
        signal: stalled.signal,
        decompress: !options.raw,
        ...(options.ca === null ? {} : { tls: { ca: options.ca } }),
      }),
    )
    heard()
    if (!response.ok) {
      await response.body?.cancel()
      throw statusFailure(url, response.status, options.codes)
    }
    const reader = response.body?.getReader()
    let received = 0
    while (reader !== undefined) {
      const { done, value } = await reading(() => reader.read())
      if (done) break
      heard()
      received += value.length
      if (received > options.maxBytes) {
        stalled.abort()
        throw indexFailure(
          network,
          url,
          `sent more than ${options.maxBytes} bytes, which cannot be right. Try another index.`,
        )
      }
      await take(value)
    }
    return { url: new URL(response.url), contentType: response.headers.get('content-type') ?? '' }
  } finally {
    clearTimeout(timer)
  }
}
