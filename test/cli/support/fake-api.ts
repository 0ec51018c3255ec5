/** A daemon made from the operation table: it checks requests and its own answers against the contract, and answers as a test says. */
import type { Operation } from '../../../src/contract/operations/operation.ts'
import { type OperationName, operations, type Reply } from '../../../src/contract/operations/operations.ts'
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import { parse, problemsOf } from '../../../src/lib/validate.ts'

export interface Call {
  operation: OperationName
  params: Record<string, string>
  query: Record<string, string>
  body: unknown
  headers: Headers
}

type Handler<N extends OperationName> = (call: Call) => Reply<N> | Promise<Reply<N>>
export type Handlers = { [N in OperationName]?: Handler<N> }
/** Routes that are not in the table, by method and path. */
export type Extra = Record<string, (request: Request) => Response | Promise<Response>>

const numeric = (text: string): unknown => (/^\d+$/.test(text) ? Number(text) : text)

const answer = async (name: OperationName, call: Call, handler: Handler<OperationName>): Promise<Response> => {
  const operation: Operation = operations[name]
  if (operation.query !== undefined) {
    const typed = Object.fromEntries(Object.entries(call.query).map(([key, value]) => [key, numeric(value)]))
    parse(operation.query, typed, 'The query')
  }
  if (operation.body !== undefined) parse(operation.body, call.body, 'The body')
  const reply = await handler(call)
  const statuses = Object.keys(operation.replies).map(Number)
  // Slot commands answer 200 to clients that wait, otherwise 202.
  const status = (statuses.includes(202) && call.query.wait === undefined ? 202 : statuses[0]) as number
  const schema = operation.replies[status]
  if (schema === null || schema === undefined) return new Response(null, { status })
  const problems = problemsOf(schema, reply)
  if (problems.length > 0) throw new Error(`the test answers ${name} against the contract: ${JSON.stringify(problems)}`)
  return Response.json(reply, { status })
}

export class FakeApi implements Disposable {
  readonly calls: Call[] = []
  readonly #server: Bun.Server<undefined>

  constructor(handlers: Handlers, extra: Extra = {}) {
    this.#server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      idleTimeout: 0,
      fetch: async (request) => {
        try {
          const url = new URL(request.url)
          const special = extra[`${request.method} ${url.pathname}`]
          if (special !== undefined) return await special(request)
          for (const [name, { method, path }] of Object.entries(operations) as [OperationName, Operation][]) {
            const pattern = new RegExp(`^${path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
            const match = method === request.method ? pattern.exec(url.pathname) : null
            const handler = handlers[name] as Handler<OperationName> | undefined
            if (match === null || handler === undefined) continue
            const params = Object.fromEntries(
              Object.entries(match.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]),
            )
            const call: Call = {
              operation: name,
              params,
              query: Object.fromEntries(url.searchParams),
              body: method === 'GET' ? undefined : await request.json(),
              headers: request.headers,
            }
            this.calls.push(call)
            return await answer(name, call, handler)
          }
          throw new Hal0Error('request.not_found', `Nothing answers ${request.method} ${url.pathname}.`)
        } catch (error) {
          const known = error instanceof Hal0Error ? error : new Hal0Error('internal', String(error))
          return Response.json(known.envelope(), { status: known.status })
        }
      },
    })
  }

  get url(): string {
    return this.#server.url.href
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true)
  }
}

/** An event stream whose events come from a test. */
export class EventFeed {
  readonly #encoder = new TextEncoder()
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  /** Requests that opened it. */
  readonly requests: Request[] = []
  /** Resolves when it is next opened. */
  opened = Promise.withResolvers<void>()

  readonly respond = (request: Request): Response => {
    this.requests.push(request)
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller
        controller.enqueue(this.#encoder.encode(': hello\n\n'))
      },
    })
    this.opened.resolve()
    this.opened = Promise.withResolvers()
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  }

  send(event: string, data: unknown, id?: number | string): void {
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    this.raw(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${text}\n\n`)
  }

  raw(text: string): void {
    this.#controller?.enqueue(this.#encoder.encode(text))
  }

  /** Ends the stream, as a daemon does that shuts down. */
  close(): void {
    this.#controller?.close()
  }
}
