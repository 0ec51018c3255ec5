/** Calls of the daemon's API. Types come from the contract; nothing of it is bundled. */
import type { ErrorBody, ErrorEnvelope } from '../src/contract/error.ts'
import type { Body, OperationName, Reply } from '../src/contract/operations/operations.ts'

/** What went wrong, as a sentence for the person in front of the page. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** What hal0 says of it to programs; empty when it did not answer. */
  readonly details: ErrorBody['details']

  constructor(message: string, { details = {}, cause }: { details?: ErrorBody['details']; cause?: unknown } = {}) {
    super(message, { cause })
    this.details = details
  }

  /** Whatever was thrown, as one that can be shown. */
  static from(error: unknown): ApiError {
    return error instanceof ApiError ? error : new ApiError(String(error), { cause: error })
  }
}

const errorOf = async (response: Response): Promise<ApiError> => {
  try {
    const { message, details } = ((await response.json()) as ErrorEnvelope).error
    return new ApiError(message, { details })
  } catch {
    // Not an answer of hal0, e.g. of a proxy before it.
    return new ApiError(`The server answered ${response.status}.`)
  }
}

/**
 * @param path of the operation `N`, parameters and query filled in
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
