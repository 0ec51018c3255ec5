import { codeRow, type ErrorBody, type ErrorCode, type ErrorEnvelope } from '../contract/error.ts'
import { bounded } from './bounded.ts'

/** Upper bounds of every error, whatever outside text it quotes: it is sent, logged, and kept in a slot's record. */
const maxMessage = 2000
const maxParam = 128
const maxDetail = 4000
const maxItems = 200

const boundedDetails = (details: Record<string, unknown>): Record<string, unknown> => {
  let copy = details
  for (const [key, value] of Object.entries(details)) {
    const isLong =
      typeof value === 'string' ? value.length > maxDetail : Array.isArray(value) && value.length > maxItems
    if (!isLong) continue
    if (copy === details) copy = { ...details }
    copy[key] = typeof value === 'string' ? bounded(value, maxDetail) : (value as unknown[]).slice(0, maxItems)
  }
  return copy
}

interface Options {
  /** The field of the request that is wrong. */
  param?: string
  /** Facts for programs: figures, paths, expected values. Never secrets. */
  details?: Record<string, unknown>
  /** Seconds after which the same request may succeed; null: waiting alone does not help. The default is in the code's row. */
  retryAfterS?: number | null
  /** A status other than the code's own, e.g. 415 for a `request.invalid` about the content type. */
  status?: number
  /** For the log only; never shown to a client. */
  cause?: unknown
}

/** The one error type of the domain. `message` is a sentence for a person that also says what to do next, if anything. */
export class Hal0Error extends Error {
  override readonly name = 'Hal0Error'
  readonly code: ErrorCode
  readonly status: number
  readonly param: string | null
  readonly details: Record<string, unknown>
  /** null: waiting is not known to help. */
  readonly retryAfterS: number | null
  /** Whether clients should retry by themselves; null: up to them. */
  readonly retry: 'wait' | 'never' | null

  constructor(code: ErrorCode, message: string, options: Options = {}) {
    super(bounded(message, maxMessage), options.cause === undefined ? undefined : { cause: options.cause })
    const row = codeRow(code)
    this.code = code
    this.status = options.status ?? row.status
    this.param = options.param === undefined ? null : bounded(options.param, maxParam)
    this.details = boundedDetails(options.details ?? {})
    const { retryAfterS = row.retry === 'wait' ? 1 : undefined } = options
    this.retryAfterS = retryAfterS ?? null
    this.retry = retryAfterS === undefined ? (row.retry ?? null) : retryAfterS === null ? 'never' : 'wait'
  }

  /** The body of the error envelope, as `state.json` keeps it. */
  body(): ErrorBody {
    return {
      message: this.message,
      type: codeRow(this.code).type,
      param: this.param,
      code: this.code,
      details: this.details,
    }
  }

  envelope(): ErrorEnvelope {
    return { error: this.body() }
  }

  /**
   * Restores an error from a stored body. A slot in `error` answers its requests with it.
   * @param retryAfterS as in the constructor
   */
  static fromBody(body: ErrorBody, retryAfterS?: number | null): Hal0Error {
    const options: Options = { details: body.details }
    const { retry_after_s } = body.details
    if (retryAfterS !== undefined) options.retryAfterS = retryAfterS
    else if (typeof retry_after_s === 'number' && codeRow(body.code as ErrorCode).retry === 'wait') {
      options.retryAfterS = retry_after_s
    }
    if (body.param !== null) options.param = body.param
    return new Hal0Error(body.code as ErrorCode, body.message, options)
  }

  /** Any thrown value as a Hal0Error. Anything else becomes `internal` with a fixed message, and stays its cause for the log. */
  static from(error: unknown): Hal0Error {
    if (error instanceof Hal0Error) return error
    return new Hal0Error('internal', 'Something went wrong inside hal0; its log says what.', { cause: error })
  }
}
