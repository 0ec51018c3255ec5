/** Calls the daemon's API. Types come from the contract; none of its code is bundled. */
import type { ErrorBody, ErrorEnvelope } from '../src/contract/error.ts'
import type { Body, OperationName, Reply } from '../src/contract/operations/operations.ts'

/** An error whose message is a sentence for the person who looks at the page. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The error's details for programs; empty when hal0 did not answer. */
  readonly details: ErrorBody['details']

  constructor(message: string, { details = {}, cause }: { details?: ErrorBody['details']; cause?: unknown } = {}) {
    super(message, { cause })
    this.details = details
  }

  /** Turns any thrown value into an error that can be shown. */
  static from(error: unknown): ApiError {
    return error instanceof ApiError ? error : new ApiError(String(error), { cause: error })
  }
}

const errorOf = async (response: Response): Promise<ApiError> => {
  try {
    const { message, details } = ((await response.json()) as ErrorEnvelope).error
    return new ApiError(message, { details })
  } catch {
    // Not an answer from hal0, but e.g. from a proxy in front of it.
    return new ApiError(`The server answered ${response.status}.`)
  }
}

/**
 * @param path of the operation `N`, with parameters and query filled in
 * @throws ApiError
 */
export const call = async <N extends OperationName>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: Body<N>,
): Promise<Reply<N>> => {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    throw new ApiError('hal0 does not answer. Is it running?', { cause: error })
  }
  if (!response.ok) throw await errorOf(response)
  return (await response.json()) as Reply<N>
}
