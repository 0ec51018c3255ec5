/** The dispatcher behind a bare server, with a log that is a list. */
import type { Decision } from '../../../src/contract/system.ts'
import { makeDispatch } from '../../../src/dispatch/dispatcher.ts'
import type { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { SlotDirectory } from '../../../src/slots/lease.ts'

export class MiniServer {
  readonly decisions: Decision[] = []
  /** How often a connection was allowed to be silent. */
  keptOpen = 0
  readonly #waiting = new Set<() => void>()
  readonly #server: ReturnType<typeof Bun.serve>

  constructor(slots: SlotDirectory, options: { maxBodyBytes?: number; registered?: string } = {}) {
    const dispatch = makeDispatch({
      slots,
      models: {
        get: (id) =>
          id === options.registered
            ? {
                id,
                name: id,
                kind: 'chat',
                files: [{ path: 'a/b', size: 1, sha256: '0'.repeat(64) }],
                source: null,
                architecture: null,
                parameters: null,
                quantization: null,
                context_length: null,
                created_at: '2026-01-02T03:04:05.000Z',
              }
            : null,
      },
      decisions: {
        record: (decision) => {
          this.decisions.push(decision)
          for (const resolve of this.#waiting) resolve()
          this.#waiting.clear()
        },
      },
      respond: (error: Hal0Error, requestId) =>
        Response.json(error.envelope(), {
          status: error.status,
          headers: {
            'x-request-id': requestId,
            ...(error.retryAfterS === null ? {} : { 'retry-after': String(error.retryAfterS) }),
          },
        }),
      addHeaders: (headers) => headers.set('x-added', 'yes'),
      ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
    })
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      development: false,
      idleTimeout: 30,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request, server) =>
        dispatch(request, new URL(request.url).pathname, () => {
          this.keptOpen++
          server.timeout(request, 0)
        }),
    })
  }

  get port(): number {
    return this.#server.port ?? 0
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  post(body: unknown, init: { path?: string; headers?: Record<string, string>; signal?: AbortSignal } = {}) {
    return fetch(`${this.url}${init.path ?? '/v1/chat/completions'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...init.headers },
      body: typeof body === 'string' || body instanceof Buffer ? body : JSON.stringify(body),
      ...(init.signal === undefined ? {} : { signal: init.signal }),
    })
  }

  /** The decisions, once there are `count`. */
  async logged(count: number): Promise<Decision[]> {
    while (this.decisions.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    }
    return this.decisions
  }

  stop(): void {
    void this.#server.stop(true)
  }
}
