/** The API as typed calls: every request and every reply is checked against the operation table. */

import { ErrorEnvelope } from '../../contract/error.ts'
import type { Operation } from '../../contract/operations/operation.ts'
import {
  type Body,
  type OperationName,
  operations,
  type Params,
  type Query,
  type Reply,
} from '../../contract/operations/operations.ts'
import { problemsOf } from '../../lib/validate.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { envelopeFailure, Failure, usageError } from '../terminal/failure.ts'
import { broken, notHal0, send, unreachable } from './connection.ts'

/** Longest wait for an answer that takes the daemon no work, milliseconds. */
const timeoutMs = 30_000

type Part<K extends string, T> = [T] extends [undefined]
  ? { [P in K]?: never }
  : Record<never, T> extends T
    ? { [P in K]?: T }
    : { [P in K]: T }

/** What a call of one operation takes. */
export type Input<N extends OperationName> = Part<'params', Params<N>> &
  Part<'query', Query<N>> &
  Part<'body', Body<N>> & {
    /** Ends the call early. */
    signal?: AbortSignal
    /** The daemon may work for minutes before it answers. */
    noTimeout?: boolean
  }

interface Given {
  params?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: Record<string, unknown>
  signal?: AbortSignal
  noTimeout?: boolean
}

/**
 * Calls one operation.
 * @throws Failure wrong usage when the request breaks the contract, exit code 3 when the daemon is not reachable, 4 when the thing
 * asked for does not exist, otherwise 1; the signal's reason once it aborted
 */
export const call = async <N extends OperationName>(name: N, input: Input<N>): Promise<Reply<N>> =>
  (await callForPage(name, input)).reply

/** Like `call`, of a list. `next` is the `before` of its next page; null: there is none. */
export const callForPage = async <N extends OperationName>(
  name: N,
  input: Input<N>,
): Promise<{ reply: Reply<N>; next: number | null }> => {
  const operation: Operation = operations[name]
  const given = input as Given
  check(operation, given)
  const path = fill(operation, given.params ?? {})
  const signal = given.signal ?? (given.noTimeout === true ? undefined : AbortSignal.timeout(timeoutMs))
  const options = signal === undefined ? {} : { signal }
  const response = await send({
    method: operation.method,
    path,
    ...(given.query === undefined ? {} : { query: given.query }),
    // Daemons up to 0.1 take no unsafe request that is not called JSON, even with nothing to send.
    ...(operation.method === 'GET' ? {} : { body: given.body ?? {} }),
    ...options,
  })
  const text = await response.text().catch((error: unknown) => {
    throw broken(error, signal)
  })
  const [, before] = /[?&]before=(\d+)[^>]*>; rel="next"/.exec(response.headers.get('link') ?? '') ?? []
  return {
    reply: readReply(operation, path, response.status, text, subjectOf(given.params)) as Reply<N>,
    next: before === undefined ? null : Number(before),
  }
}

/** Checks a request before anything is asked. @throws Failure wrong usage when it breaks the contract */
export const checkInput = <N extends OperationName>(name: N, input: Input<N>): void =>
  check(operations[name], input as Given)

const check = (operation: Operation, { query, body }: Given): void => {
  for (const [schema, value] of [
    [operation.query, query],
    [operation.body, body],
  ] as const) {
    if (schema === undefined || value === undefined) continue
    const problem = problemsOf(schema, value)[0]
    if (problem === undefined) continue
    const refused = problem.field
      .split('.')
      .reduce<unknown>((part, key) => (part as Record<string, unknown> | null)?.[key], value)
    throw usageError(`${JSON.stringify(refused)} cannot be the ${problem.field}: it ${problem.reason}.`)
  }
}

/** A name that the contract rules out cannot exist. This also keeps `..`, which URLs resolve even when encoded, out of the path. */
const fill = ({ path, params: schema }: Operation, params: Record<string, unknown>): string => {
  const impossible = schema !== undefined && problemsOf(schema, params).length > 0
  return path.replaceAll(/\{(\w+)\}/g, (_, key: string) => {
    const value = String(params[key])
    if (!impossible && value !== '' && value !== '.' && value !== '..') return encodeURIComponent(value)
    throw new Failure(exitCode.notFound, `There is nothing named ${JSON.stringify(value)}: it cannot be a name.`)
  })
}

const subjectOf = (params: Record<string, unknown> | undefined): string | null => {
  const subject = params?.name ?? params?.id
  return typeof subject === 'string' ? subject : null
}

const readReply = (
  operation: Operation,
  path: string,
  status: number,
  text: string,
  subject: string | null,
): unknown => {
  const schema = operation.replies[status]
  if (schema === undefined) throw refusal(path, status, text, subject)
  if (schema === null) return undefined
  const value = parseJson(text)
  const problem = value === undefined ? { field: '', reason: 'is not JSON' } : problemsOf(schema, value)[0]
  if (problem === undefined) return value
  throw notHal0(
    `${operation.method} ${path}`,
    `answered with something else (${problem.field || 'the answer'} ${problem.reason})`,
  )
}

/** What a proxy answers while the daemon behind it is away. */
const fromProxy = new Set([502, 503, 504])

/** Turns an answer with an error status into a failure: one of hal0's own errors, or what a backend behind it said. */
export const refusal = (path: string, status: number, text: string, subject: string | null): Failure => {
  const value = parseJson(text)
  if (problemsOf(ErrorEnvelope, value).length === 0) return envelopeFailure((value as ErrorEnvelope).error, subject)
  const message = (value as { error?: { message?: unknown } } | null | undefined)?.error?.message
  if (typeof message === 'string' && path.startsWith('/v1/')) {
    return new Failure(exitCode.failed, `The backend refused the request (HTTP ${status}): ${message}`)
  }
  if (fromProxy.has(status)) return unreachable(new Error(`HTTP ${status}`))
  return notHal0(path, `answered with HTTP ${status}`)
}

/** @returns undefined when the text is not JSON */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Not an error here: the caller says what was expected.
    return undefined
  }
}
