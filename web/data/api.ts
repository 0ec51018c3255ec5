/** Calls the daemon's API by the names of the operation table. */
import type { ErrorBody, ErrorEnvelope } from '../../src/contract/error.ts'
import type { Body, OperationName, Params, Query, Reply } from '../../src/contract/operations/operations.ts'
import { addressOf } from './address.ts'
import { routes } from './from-contract.ts' with { type: 'macro' }

/** An error whose message is a sentence for the person who looks at the page. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The error as hal0 told it; null when it was not hal0 that answered. */
  readonly body: ErrorBody | null

  constructor(message: string, { body = null, cause }: { body?: ErrorBody | null; cause?: unknown } = {}) {
    super(message, { cause })
    this.body = body
  }

  get details(): ErrorBody['details'] {
    return this.body?.details ?? {}
  }

  /** Turns any thrown value into an error that can be shown. */
  static from(error: unknown): ApiError {
    return error instanceof ApiError ? error : new ApiError(String(error), { cause: error })
  }
}

/** The error that an answer tells. */
export const errorOf = async (response: Response): Promise<ApiError> => {
  try {
    const body = ((await response.json()) as ErrorEnvelope).error
    return new ApiError(body.message, { body })
  } catch {
    // Not an answer from hal0, but e.g. from a proxy in front of it.
    return new ApiError(`The server answered ${response.status}.`)
  }
}

/** `fetch`, whose failure is a sentence. @throws ApiError */
export const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
  let response: Response
  try {
    response = await fetch(addressOf(path), init)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError('hal0 does not answer. Is it running?', { cause: error })
  }
  if (!response.ok) throw await errorOf(response)
  return response
}

type Part<K extends string, T> = [T] extends [undefined] ? unknown : { [P in K]: T }
type Optional<K extends string, T> = [T] extends [undefined] ? unknown : { [P in K]?: T }
export type Input<N extends OperationName> = Part<'params', Params<N>> &
  Optional<'query', Query<N>> &
  Optional<'body', Body<N>>

const table = routes()

/**
 * @param input the operation's path parameters, query and body
 * @throws ApiError
 */
export const call = async <N extends OperationName>(name: N, input: Input<N>): Promise<Reply<N>> => {
  const {
    params = {},
    query = {},
    body,
  } = input as {
    params?: Record<string, string>
    query?: Record<string, unknown>
    body?: unknown
  }
  const [method, pattern] = table[name]
  const path = pattern.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(params[key] ?? ''))
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value))
  const response = await request(search.size === 0 ? path : `${path}?${search}`, {
    method,
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return (response.status === 204 ? undefined : await response.json()) as Reply<N>
}
