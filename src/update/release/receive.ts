/** Downloads that are bounded in bytes and in time, whatever the server does. */
import { Hal0Error } from '../../lib/hal0-error.ts'

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface TimeLimits {
  /** Longest silence before the download is given up, milliseconds. */
  silentMs: number
  /** Longest duration of the whole download, milliseconds. */
  totalMs: number
  /** Ends it at once, e.g. on Ctrl-C. */
  signal?: AbortSignal
}

/** @param status of the answer, if there was one */
const network = (url: string, why: string, cause?: unknown, status: number | null = null): Hal0Error =>
  new Hal0Error('update.network', `${url} ${why}. Check the address and the network, then try again.`, {
    details: { url, status },
    cause,
  })

/**
 * The chunks of the answer of `url`, which must have status 2xx. Redirects are followed, even to other hosts: everything is verified.
 * @throws Hal0Error `update.network`; the reason of `signal` once it aborted
 */
export async function* receive(get: Fetch, url: string, limits: TimeLimits): AsyncGenerator<Uint8Array> {
  const { silentMs, totalMs, signal } = limits
  const silence = new AbortController()
  const total = AbortSignal.timeout(totalMs)
  const end = AbortSignal.any([silence.signal, total, ...(signal === undefined ? [] : [signal])])
  let timer: ReturnType<typeof setTimeout> | undefined
  const listen = () => {
    timer = setTimeout(() => silence.abort(), silentMs)
  }
  try {
    listen()
    const response = await get(url, {
      signal: end,
      headers: { 'accept-encoding': 'identity' },
      // Bun options: the bytes are verified as they were sent, and the time limits are those above.
      decompress: false,
      timeout: false,
    } as RequestInit)
    if (!response.ok) throw network(url, `answered with HTTP ${response.status}`, undefined, response.status)
    for await (const chunk of response.body ?? []) {
      // The time that the consumer takes does not count as the server's silence.
      clearTimeout(timer)
      yield chunk
      listen()
    }
  } catch (error) {
    if (error instanceof Hal0Error) throw error
    if (signal?.aborted === true) throw signal.reason
    if (total.aborted) throw network(url, `was not done within ${totalMs / 1000} s`, error)
    if (silence.signal.aborted) throw network(url, `sent nothing for ${silentMs / 1000} s`, error)
    throw network(url, 'could not be fetched', error)
  } finally {
    clearTimeout(timer)
    // A consumer that stops early must not leave the connection open.
    silence.abort()
  }
}

/** The whole of a small file. @throws Hal0Error `update.network`, also when it is longer than `longest` bytes */
export const receiveAll = async (get: Fetch, url: string, longest: number, limits: TimeLimits): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of receive(get, url, limits)) {
    length += chunk.length
    if (length > longest) throw network(url, `sent more than the ${longest} bytes that are expected at most`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
