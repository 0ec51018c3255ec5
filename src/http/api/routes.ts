/** Registration of routes with Elysia: one handler a method, `405` with `Allow` for the other methods of a known path. */
import type { Elysia } from 'elysia'
import { Hal0Error } from '../../lib/hal0-error.ts'

/** Path parameters by name, decoded; null where the percent-encoding was broken. */
export type PathParams = Record<string, string | null>
export type RouteHandler = (request: Request, params: PathParams) => Response | Promise<Response>

export class Routes {
  readonly #app: Elysia
  readonly #methods = new Map<string, string[]>()

  /** Compare every answer with the operation table; for tests and development. */
  readonly checkReplies: boolean

  constructor(app: Elysia, checkReplies: boolean) {
    this.#app = app
    this.checkReplies = checkReplies
  }

  /**
   * Handlers get the Request itself: bodies are never parsed by Elysia, which would also accept forms. HEAD is answered by the
   * handler of GET.
   * @param path OpenAPI notation, parameters in braces; `*` at the end takes the rest
   */
  on(method: string, path: string, handler: RouteHandler): void {
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1')
    this.#app.route(method, pattern, ({ request, params }) => handler(request, (params ?? {}) as PathParams), {
      parse: 'none',
    })
    this.#methods.set(pattern, [...(this.#methods.get(pattern) ?? []), method])
  }

  /** To be called once, after every `on`. */
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
}
