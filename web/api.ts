/** Calls of the daemon's API. Types come from the contract; nothing of it is bundled. */
import type { ErrorEnvelope } from '../src/contract/error.ts'
import type { OperationName, Reply } from '../src/contract/operations.ts'

/** What went wrong, as a sentence for the person in front of the page. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
}

const sentenceOf = async (response: Response): Promise<string> => {
  try {
    return ((await response.json()) as ErrorEnvelope).error.message
  } catch {
    // Not an answer of hal0, e.g. of a proxy before it.
    return `The server answered ${response.status}.`
  }
}

/**
 * @param path of the operation `N`, parameters filled in
 * @throws ApiError
 */
export const call = async <N extends OperationName>(method: 'GET' | 'POST', path: string): Promise<Reply<N>> => {
  let response: Response
  try {
    response = await fetch(path, { method, headers: { accept: 'application/json' } })
  } catch (error) {
    throw new ApiError('hal0 does not answer. Is it running?', { cause: error })
  }
  if (!response.ok) throw new ApiError(await sentenceOf(response))
  return (await response.json()) as Reply<N>
}
