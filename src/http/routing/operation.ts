/** Makes a route from one row of the operation table: checks the input, calls the typed handler, and answers. */

import type { Static, TSchema } from 'typebox'
import type { Operation } from '../../contract/operations/operation.ts'
import {
  type Body,
  NoBody,
  type OperationName,
  type Operations,
  type Params,
  type Query,
} from '../../contract/operations/operations.ts'
import { modelIdPattern, slotNamePattern } from '../../contract/slot.ts'
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { parse, problemsOf } from '../../lib/validate.ts'
import { routeNotFound } from '../answers/errors.ts'
import { readJson } from './body.ts'
import type { Asker, PathParams, Routes } from './routes.ts'

export interface Input<N extends OperationName> {
  params: Params<N>
  query: Query<N>
  body: Body<N>
}

type Replies<N extends OperationName> = Operations[N]['replies']

/** One of the operation's replies: a status with the body that the table has for it. */
export type Answer<N extends OperationName> = {
  [S in keyof Replies<N>]: { status: S; body: Replies<N>[S] extends infer B extends TSchema ? Static<B> : null }
}[keyof Replies<N>] & { headers?: Record<string, string> }

/** An answer with its status kept as a literal type. */
export const reply = <const S extends number, const B>(status: S, body: B): { status: S; body: B } => ({ status, body })

export type Handler<N extends OperationName> = (input: Input<N>, asker: Asker) => Answer<N> | Promise<Answer<N>>

/**
 * An impossible slot name counts as an unknown slot, and never reaches a path or a unit name. An impossible model id is refused before
 * anything is fetched for it.
 */
const checkParams = (schema: TSchema | undefined, params: PathParams, request: Request): unknown => {
  if (schema === undefined) return undefined
  if (Object.values(params).includes(null)) throw routeNotFound(request)
  if (problemsOf(schema, params).length === 0) return params
  if (params.name === undefined) {
    throw new Hal0Error(
      'request.invalid',
      `"${bounded(params.id ?? '', 128)}" cannot be the id of a model: lower-case letters, digits, dots, dashes and underscores are.`,
      { param: 'id', details: { pattern: modelIdPattern } },
    )
  }
  throw new Hal0Error(
    'slot.not_found',
    `There is no slot "${bounded(params.name ?? '', 128)}". A slot's name is up to 32 letters a-z, digits and dashes.`,
    { param: 'name', details: { pattern: slotNamePattern } },
  )
}

/** Numbers in JSON syntax. */
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

const isNumeric = (schema: TSchema | undefined): boolean => {
  const type = (schema as { type?: unknown } | undefined)?.type
  return type === 'number' || type === 'integer'
}

/** Converts a query parameter to the JSON type of its schema. */
const queryValue = (schema: TSchema | undefined, text: string): unknown => {
  if (isNumeric(schema)) return jsonNumber.test(text) ? Number(text) : text
  const isBoolean = (schema as { type?: unknown } | undefined)?.type === 'boolean'
  return isBoolean && (text === 'true' || text === 'false') ? text === 'true' : text
}

/** The query string as an object of the schema, with numbers and booleans converted, so that one schema serves JSON and queries. */
export const checkQuery = (schema: TSchema, url: string): unknown => {
  const at = url.indexOf('?')
  if (at < 0) return {}
  const properties = (schema as { properties?: Record<string, TSchema> }).properties ?? {}
  const query: Record<string, unknown> = {}
  for (const [key, text] of new URLSearchParams(url.slice(at + 1))) {
    if (Object.hasOwn(query, key)) {
      throw new Hal0Error('request.invalid', `The query gives ${bounded(key, 100)} more than once.`, { param: key })
    }
    Object.defineProperty(query, key, { value: queryValue(properties[key], text), enumerable: true })
  }
  return parse(schema, query, 'The query')
}

const checkBody = async (operation: Operation, request: Request): Promise<unknown> => {
  if (operation.method === 'GET') return undefined
  const value = await readJson(request)
  if (operation.body !== undefined) {
    if (value === undefined) throw new Hal0Error('request.invalid', 'The request needs a JSON object as its body.')
    return parse(operation.body, value, 'The body')
  }
  if (value !== undefined) parse(NoBody, value, 'The body')
  return undefined
}

const assertReply = (name: OperationName, schema: TSchema | null | undefined, body: unknown): void => {
  const problems = schema === undefined || schema === null ? [] : problemsOf(schema, body)
  if (schema !== undefined && problems.length === 0) return
  throw new Error(`The answer of ${name} breaks its schema: ${JSON.stringify(problems)}`)
}

/** Registers operation `name` of the table; `handler` gets only input that conforms to its schemas. */
export const mount = <N extends OperationName>(routes: Routes, name: N, handler: Handler<N>): void => {
  const operation: Operation = routes.operations[name]
  routes.on(operation, async (request, params, asker) => {
    const input = {
      params: checkParams(operation.params, params, request),
      query: checkQuery(operation.query ?? NoBody, request.url),
      body: await checkBody(operation, request),
    } as Input<N>
    const answer = (await handler(input, asker)) as {
      status: number
      body: unknown
      headers?: Record<string, string>
    }
    const { status, body } = answer
    if (routes.checkReplies) assertReply(name, operation.replies[status], body)
    const headers = { 'cache-control': 'no-store', ...answer.headers }
    return body === null ? new Response(null, { status, headers }) : Response.json(body, { status, headers })
  })
}
