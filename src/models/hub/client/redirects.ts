/** Sends a request and follows its redirects by hand, to decide at every step who gets the token. */
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { unreachable } from './hub-error.ts'
import { parseEtag, parseLength } from './hub-headers.ts'

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** What the hub says about a file; if it redirects, then on the redirect itself. */
export interface LinkedFile {
  commit: string | null
  /** sha256 of a large file. */
  etag: string | null
  /** Bytes. */
  size: number | null
}

export interface HubRequest {
  /** The only origin that gets the token. If it is https, every step must be https. */
  endpointOrigin: string
  token: string | null
  headers: Record<string, string>
  signal: AbortSignal
  /** How long each step may take to send its headers, milliseconds. */
  answerMs: number
}

export interface FinalResponse {
  /** Has any status but a redirect. The caller has to read or cancel its body. */
  response: Response
  /** Where the answer came from. A signed address is a secret. */
  url: URL
  linked: LinkedFile
}

const mostRedirects = 5
const redirectStatuses = new Set([301, 302, 303, 307, 308])

const refusal = (origin: string, why: string): Hal0Error =>
  new Hal0Error('pull.network', `${origin} ${why}, which hal0 does not follow. Check HF_ENDPOINT and the mirrors.`, {
    details: { origin },
  })

/** @throws Hal0Error `pull.network` for an address that a redirect must not lead to */
const nextAddress = (from: URL, location: string | null, endpointOrigin: string): URL => {
  const to = location !== null && URL.canParse(location, from.href) ? new URL(location, from.href) : null
  if (to === null) throw refusal(from.origin, 'redirects to something that is not an address')
  const secure = endpointOrigin.startsWith('https:')
  if (to.protocol !== 'https:' && (secure || to.protocol !== 'http:')) {
    throw refusal(from.origin, `redirects to ${to.protocol}//`)
  }
  // `fetch` would turn them into an Authorization header.
  if (to.username !== '' || to.password !== '') throw refusal(from.origin, 'redirects to an address with a password')
  return to
}

const ask = async (get: Fetch, url: URL, request: HubRequest): Promise<Response> => {
  const { signal, answerMs, token, endpointOrigin } = request
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), answerMs)
  const headers = new Headers({ ...request.headers, 'accept-encoding': 'identity' })
  if (token !== null && url.origin === endpointOrigin) headers.set('authorization', `Bearer ${token}`)
  try {
    return await get(url.href, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([signal, silence.signal]),
      // Bun options: keep the bytes as they were sent, and set no time limit on a long body.
      decompress: false,
      timeout: false,
    } as RequestInit)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const why = silence.signal.aborted ? `did not answer within ${answerMs / 1000} s` : 'could not be reached'
    throw unreachable(url.origin, why, error)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * GETs `start` and follows at most 5 redirects.
 * @throws Hal0Error `pull.network`; the reason of `signal` once it aborted
 */
export const followRedirects = async (get: Fetch, start: URL, request: HubRequest): Promise<FinalResponse> => {
  const linked: LinkedFile = { commit: null, etag: null, size: null }
  let url = start
  for (let redirects = 0; ; redirects++) {
    const response = await ask(get, url, request)
    // Only the hub's own headers count, not headers of the same name from a storage.
    if (url.origin === request.endpointOrigin) {
      linked.commit ??= response.headers.get('x-repo-commit')
      linked.etag ??= parseEtag(response.headers.get('x-linked-etag'))
      linked.size ??= parseLength(response.headers.get('x-linked-size'))
    }
    if (!redirectStatuses.has(response.status)) return { response, url, linked }
    await response.body?.cancel()
    if (redirects === mostRedirects) throw refusal(start.origin, `redirects more than ${mostRedirects} times`)
    url = nextAddress(url, response.headers.get('location'), request.endpointOrigin)
  }
}
