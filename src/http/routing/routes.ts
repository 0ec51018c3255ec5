/** Registration of routes with Elysia: one handler for each method, and `405` with `Allow` for other methods of a known path. */
import type { Elysia } from 'elysia'
import type { Caller, Scope } from '../../contract/caller.ts'
import type { Operations } from '../../contract/operations/operations.ts'
import type { Client } from '../../lib/client.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { forbidden } from '../gate/callers.ts'

/** Path parameters by name, decoded; null if the percent-encoding was broken. */
export type PathParams = Record<string, string | null>

/** The client of a request, as identified by the gate. */
export interface Asker extends Client {
  readonly caller: Caller
  readonly requestId: string
}
export type RouteHandler = (request: Request, params: PathParams, asker: Asker) => Response | Promise<Response>

export interface Route {
  readonly method: string
  /** In OpenAPI notation, with parameters in braces; a final `*` matches the rest. */
  readonly path: string
  /** The scope that a caller needs. */
  readonly scope: Scope
}

export class Routes {
  readonly #app: Elysia
  readonly #methods = new Map<string, string[]>()
  /** Who sent each request, since Elysia passes on only the Request. */
  readonly #askers = new WeakMap<Request, Omit<Asker, 'signal'>>()

  /** Compare every answer with the operation table; for tests and development. */
  readonly checkReplies: boolean

  /** The table, complete. */
  readonly operations: Operations

  constructor(app: Elysia, operations: Operations, checkReplies: boolean) {
    this.#app = app
    this.operations = operations
    this.checkReplies = checkReplies
  }

  /**
   * Handlers get the Request itself: Elysia never parses bodies, since it would also accept forms. The handler of GET also answers HEAD. A
   * caller without the required scope never reaches a handler.
   * @throws Error for a route without a scope, so that the daemon does not start
   */
  on({ method, path, scope }: Route, handler: RouteHandler): void {
    if ((scope as Scope | undefined) === undefined) throw new Error(`${method} ${path} declares no scope`)
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1')
    this.#app.route(
      method,
      pattern,
      ({ request, params }) => {
        const { caller, requestId } = this.#askerOf(request)
        const refusal = forbidden(caller, scope)
        if (refusal !== null) throw refusal
        return handler(request, (params ?? {}) as PathParams, { caller, requestId, signal: request.signal })
      },
      { parse: 'none' },
    )
    this.#methods.set(pattern, [...(this.#methods.get(pattern) ?? []), method])
  }

  /** Has to be called once, after all calls of `on`. */
  refuseOtherMethods(): void {
    for (const [pattern, methods] of this.#methods) {
      const allow = methods.includes('GET') ? [...methods, 'HEAD'] : methods
      this.#app.all(
        pattern,
        ({ request }) => {
          throw new Hal0Error(
            'request.method_not_allowed',
            `${request.method} is not possible here; ${allow.join(' and ')} ${allow.length > 1 ? 'are' : 'is'}.`,
            { details: { allow } },
          )
        },
        { parse: 'none' },
      )
    }
  }

  /** Answers `request`, which `asker` sent. */
  answer(request: Request, asker: Omit<Asker, 'signal'>): Response | Promise<Response> {
    this.#askers.set(request, asker)
    return this.#app.fetch(request)
  }

  #askerOf(request: Request): Omit<Asker, 'signal'> {
    const asker = this.#askers.get(request)
    if (asker === undefined) throw new Error(`${request.method} ${request.url} came past the gate`)
    return asker
  }
}
