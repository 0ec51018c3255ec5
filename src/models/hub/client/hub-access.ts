/** Sends all requests to the hub: endpoints in their order, the token for each, limits in time and bytes. */
import type { Static, TSchema } from 'typebox'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { type HubQuery, hubError, unreachable } from './hub-error.ts'
import { parseHubJson } from './hub-json.ts'
import type { Endpoint } from './hub-settings.ts'
import { type Fetch, type FinalResponse, followRedirects } from './redirects.ts'

export interface HubDeps {
  fetch: Fetch
  /** Tried in this order. */
  endpoints: readonly Endpoint[]
  /** The current token; null if there is none. */
  token: () => Promise<string | null>
  /** No requests are sent at all. */
  offline: boolean
  /** Milliseconds since the Unix epoch. */
  now: () => number
  /** How long the hub may take to send its headers, milliseconds; default 30 s. */
  answerMs?: number
  /** How long a whole page of JSON may take, milliseconds; default 60 s. */
  jsonMs?: number
}

/** An endpoint with its token. */
export interface HubTarget {
  endpoint: Endpoint
  origin: string
  /** null: there is none, or it is not meant for this endpoint. */
  token: string | null
}

/** A page of 1000 files has about 400 KB. */
const longestJson = 16 * 1024 * 1024

const readAll = async (body: ReadableStream<Uint8Array> | null, origin: string): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > longestJson) throw unreachable(origin, `sent more than ${longestJson} bytes of JSON`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export class HubAccess {
  readonly #deps: HubDeps

  constructor(deps: HubDeps) {
    this.#deps = deps
  }

  get now(): () => number {
    return this.#deps.now
  }

  /**
   * Runs `work` with the endpoints in order, until one can be reached. After any other failure, no further endpoint is tried.
   * @param first tried before all others; null: the first of the list
   * @throws Hal0Error of the last endpoint tried, `pull.network` when offline
   */
  async tryEndpoints<T>(first: Endpoint | null, work: (target: HubTarget) => Promise<T>): Promise<T> {
    const { endpoints, offline } = this.#deps
    if (offline) {
      throw new Hal0Error(
        'pull.network',
        'HF_HUB_OFFLINE is set, so the hub is not asked. Unset it and restart hal0 to pull models.',
        { details: { offline: true } },
      )
    }
    // The settings may have changed since `first` was chosen.
    const order =
      first === null || !endpoints.includes(first)
        ? endpoints
        : [first, ...endpoints.filter((endpoint) => endpoint !== first)]
    const stored = order.some((endpoint) => endpoint.takesToken) ? await this.#deps.token() : null
    const tried: string[] = []
    let last: Hal0Error | null = null
    for (const endpoint of order) {
      const { origin } = new URL(endpoint.url)
      tried.push(origin)
      try {
        return await work({ endpoint, origin, token: endpoint.takesToken ? stored : null })
      } catch (error) {
        if (!(error instanceof Hal0Error) || error.code !== 'pull.network') throw error
        last = error
      }
    }
    if (last !== null && tried.length === 1) throw last
    const why = last === null ? 'No endpoint of a hub is configured.' : last.message
    const before = tried.length > 1 ? `None of ${tried.join(', ')} could serve this; the last one said: ` : ''
    throw new Hal0Error('pull.network', `${before}${why}`, { details: { ...last?.details, tried }, cause: last })
  }

  /** @throws Hal0Error `pull.network`; the reason of `signal` once it aborted */
  follow(target: HubTarget, url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<FinalResponse> {
    const { fetch, answerMs = 30_000 } = this.#deps
    return followRedirects(fetch, url, {
      endpointOrigin: target.origin,
      token: target.token,
      headers,
      signal,
      answerMs,
    })
  }

  /** The error for an answer that is not a success. Its body is discarded. */
  async failure(
    target: HubTarget,
    final: FinalResponse,
    asked: Pick<HubQuery, 'repo' | 'revision' | 'path'>,
  ): Promise<Hal0Error> {
    const { response, url } = final
    await response.body?.cancel()
    const facts = { ...asked, token: target.token, origin: url.origin, isHub: url.origin === target.origin }
    return hubError(response.status, response.headers, facts, this.#deps.now())
  }

  /**
   * GETs one page of the hub's API.
   * @throws Hal0Error `pull.*`; the reason of `signal` once it aborted
   */
  async json<S extends TSchema>(
    target: HubTarget,
    url: URL,
    schema: S,
    asked: Pick<HubQuery, 'repo' | 'revision'>,
    signal: AbortSignal,
  ): Promise<{ value: Static<S>; headers: Headers; url: URL }> {
    const { jsonMs = 60_000 } = this.#deps
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), jsonMs)
    try {
      const final = await this.follow(
        target,
        url,
        { accept: 'application/json' },
        AbortSignal.any([signal, late.signal]),
      )
      if (!final.response.ok) throw await this.failure(target, final, { ...asked, path: null })
      const bytes = await readAll(final.response.body, final.url.origin)
      const value = parseHubJson(schema, bytes, final.url.origin)
      return { value, headers: final.response.headers, url: final.url }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (late.signal.aborted) throw unreachable(url.origin, `was not done within ${jsonMs / 1000} s`, error)
      if (error instanceof Hal0Error) throw error
      throw unreachable(url.origin, 'broke off', error)
    } finally {
      clearTimeout(timer)
    }
  }
}
