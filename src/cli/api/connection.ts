/** The connection to the daemon: its address, the credentials, and what it means when nothing answers. */
import { createFetch } from 'ofetch'
import { knownDaemon, requireOwnDaemon, usualUrl } from '../host/address/known-daemon.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure, usageError } from '../terminal/failure.ts'

/** Whether HAL0_URL names a daemon. If it does not, some commands may act on this machine themselves. */
export const urlIsConfigured = (): boolean => (process.env.HAL0_URL ?? '') !== ''

/**
 * Address of the daemon, without a trailing slash: HAL0_URL, else what the daemon of this machine has recorded, else the default.
 * It is looked up for each request, since a daemon that is started again may listen on another port.
 * @throws Failure wrong usage when HAL0_URL is not an address
 */
export const baseUrl = (): string => {
  if (!urlIsConfigured()) return knownDaemon()?.url ?? usualUrl
  const text = process.env.HAL0_URL ?? ''
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.search !== '' || url.hash !== '') {
    throw usageError('HAL0_URL is not the address of a daemon.', `export HAL0_URL=${usualUrl}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError('HAL0_URL must not carry a user name or a password; put a key into HAL0_API_KEY.')
  }
  return url.href.replace(/\/+$/, '')
}

const isLoopback = (url: string): boolean => {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** The local socket of the daemon that is meant; null: it is reached by its address. */
const localSocket = (): string | null => (urlIsConfigured() ? null : (knownDaemon()?.socket ?? null))

/**
 * Bun cuts silent connections after 300 s unless `timeout` is off. It uses the environment's proxy for loopback too unless `proxy`
 * is `false`. Neither value is in its types, nor is `unix`, the socket to use.
 */
const directFetch = ((input: string, init?: RequestInit) => {
  const socket = localSocket()
  return fetch(input, {
    ...init,
    timeout: false,
    ...(isLoopback(input) ? { proxy: false } : {}),
    ...(socket === null ? {} : { unix: socket }),
  } as RequestInit)
}) as typeof fetch

const $fetch = createFetch({
  fetch: directFetch,
  defaults: { retry: 0, ignoreResponseError: true, redirect: 'manual' },
})

export interface Exchange {
  method: string
  /** Relative to the root of the daemon, e.g. `/api/slots`. */
  path: string
  query?: Record<string, unknown>
  headers?: Record<string, string>
  /** Sent as JSON. */
  body?: Record<string, unknown>
  signal?: AbortSignal
}

const attempt = ({ path, query, headers, body, signal, method }: Exchange): Promise<Response> => {
  const key = process.env.HAL0_API_KEY ?? ''
  // Over the socket the address only gives the Host, and there a key would only take rights away.
  const socket = localSocket()
  return $fetch.raw(`${socket === null ? baseUrl() : 'http://localhost'}${path}`, {
    method,
    responseType: 'stream',
    headers: {
      ...(key === '' || socket !== null ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(query === undefined ? {} : { query }),
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** Nobody listened, so that nothing can have been done with the request. */
const isRefused = (error: unknown): boolean =>
  ['ECONNREFUSED', 'ConnectionRefused'].includes((error as { cause?: { code?: string } }).cause?.code ?? '')

/** Nothing has been done with the request. */
const isForbidden = ({ status }: Response): boolean => status === 401 || status === 403

/** Whether the service of this machine listens by now, also at its local socket. */
const serviceIsThere = async (): Promise<boolean> => {
  const { serviceComes } = await import('../host/address/service-comes.ts')
  return await serviceComes()
}

/**
 * Sends one request. The body of the response is not read, whatever its status. A service that was started a moment ago is waited for: it
 * may listen at its port already, where a command may do less than at the socket, which comes a moment later.
 * @throws Failure with exit code 3 when no answer came; the signal's reason once it aborted
 */
export const send = async (exchange: Exchange): Promise<Response> => {
  const { signal } = exchange
  if (!urlIsConfigured()) requireOwnDaemon()
  const isUnknown = !urlIsConfigured() && knownDaemon() === null
  try {
    const response = await attempt(exchange)
    if (!isUnknown || !isForbidden(response) || !(await serviceIsThere())) return response
  } catch (error) {
    if (!isRefused(error) || urlIsConfigured()) throw broken(error, signal)
    if (!(await serviceIsThere())) throw broken(error, signal)
  }
  try {
    return await attempt(exchange)
  } catch (error) {
    throw broken(error, signal)
  }
}

/** What to throw for an exchange that ended early: the signal's reason if the caller aborted it, otherwise "not reachable". */
export const broken = (error: unknown, signal?: AbortSignal): unknown => {
  if (error instanceof Failure) return error
  const gaveUp = (signal?.reason as { name?: unknown } | undefined)?.name === 'TimeoutError'
  return signal?.aborted === true && !gaveUp ? signal.reason : unreachable(error)
}

/** Nothing answered, or the connection broke. What can be said about it on this machine is looked up when it is reported. */
export const unreachable = (cause: unknown): Failure => {
  const url = baseUrl()
  const host = new URL(url).hostname
  return new Failure(exitCode.unreachable, `hal0 is not reachable at ${url}.`, {
    ...(isLoopback(url)
      ? { unanswered: { url, isGiven: urlIsConfigured(), isForeign: false } }
      : { hint: `Start hal0 on ${host}, or correct HAL0_URL` }),
    cause,
  })
}

/** Something answered that is not hal0, or is another version of it. */
export const notHal0 = (path: string, why: string): Failure => {
  const url = baseUrl()
  return new Failure(
    exitCode.failed,
    `What answers at ${url} does not answer like this version of hal0: ${path} ${why}.`,
    isLoopback(url)
      ? { unanswered: { url, isGiven: urlIsConfigured(), isForeign: true } }
      : { hint: 'hal0 version; HAL0_URL names another address' },
  )
}
