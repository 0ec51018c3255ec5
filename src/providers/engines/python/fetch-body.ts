import { readFile } from 'node:fs/promises'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { errnoOf } from '../../../system/files/storage-error.ts'

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
}

const caVariables = ['PIP_CERT', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE']

/**
 * The certificate authorities that pip and OpenSSL are told to trust here (Bun itself reads NODE_EXTRA_CA_CERTS only).
 * @throws Hal0Error `engine.install_failed` when the named file cannot be read
 */
export const trustedCertificates = async (env: Record<string, string | undefined>): Promise<string | null> => {
  const variable = caVariables.find((name) => (env[name] ?? '') !== '')
  if (variable === undefined) return null
  const path = env[variable] ?? ''
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Hal0Error(
      'engine.install_failed',
      `${variable} names ${path}, which cannot be read (${errnoOf(error) ?? 'unknown error'}). Correct the variable and restart hal0.`,
      { cause: error },
    )
  }
}

/** Every failure names only the host: the rest of an index URL may contain credentials. */
const failed = (url: URL, why: string, cause?: unknown) =>
  new Hal0Error('engine.install_failed', `The package index at ${url.host} ${why}`, {
    details: { host: url.host },
    cause,
  })

const networkAdvice = 'Check the network and the proxy settings, or name a mirror in PIP_INDEX_URL, and try again.'

/**
 * GETs `url` and hands its body to `take`, chunk by chunk, with back-pressure.
 * @returns the final URL after redirects, and the content type
 * @throws Hal0Error `engine.install_failed`, and what `take` throws
 */
export const fetchBody = async (
  url: URL,
  options: FetchOptions,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<{ url: URL; contentType: string }> => {
  const stalled = new AbortController()
  let timer = setTimeout(() => stalled.abort(), options.stallMs)
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => stalled.abort(), options.stallMs)
  }
  const reading = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read()
    } catch (error) {
      if (stalled.signal.aborted) {
        throw failed(url, `sent nothing for ${options.stallMs / 1000} s. ${networkAdvice}`, error)
      }
      throw failed(
        url,
        `cannot be reached or broke off (${errnoOf(error) ?? 'network error'}). ${networkAdvice}`,
        error,
      )
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
      const advice =
        response.status === 401 || response.status === 403 ? 'Check its user name and password.' : 'Try again later.'
      const why =
        response.status === 404
          ? 'does not have the package (404). Check PIP_INDEX_URL.'
          : `answered ${response.status}. ${advice}`
      throw failed(url, why)
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
        throw failed(url, `sent more than ${options.maxBytes} bytes, which cannot be right. Try another index.`)
      }
      await take(value)
    }
    return { url: new URL(response.url), contentType: response.headers.get('content-type') ?? '' }
  } finally {
    clearTimeout(timer)
  }
}
