/** Looks up the endpoint table by path. */
import type { Endpoint } from '../../contract/endpoints.ts'

/** An endpoint and the path that was requested. */
export interface Found {
  readonly endpoint: Endpoint
  /** The one of its paths. */
  readonly path: string
}

/** Without a query string. */
const pathOf = (target: string): string => {
  const query = target.indexOf('?')
  return query < 0 ? target : target.slice(0, query)
}

export class EndpointTable {
  readonly #byMethod = new Map<string, Map<string, Found>>()

  constructor(rows: readonly Endpoint[]) {
    for (const endpoint of rows) {
      const byPath = this.#byMethod.get(endpoint.method) ?? new Map<string, Found>()
      this.#byMethod.set(endpoint.method, byPath)
      for (const path of endpoint.paths) byPath.set(path, { endpoint, path })
    }
  }

  /** Every path of every row. */
  all(): readonly Found[] {
    return [...this.#byMethod.values()].flatMap((byPath) => [...byPath.values()])
  }

  /**
   * The endpoint of a request; null: not inference. The plain spelling of a path costs only a look-up. HEAD is treated like GET, since
   * only then the answer is known.
   */
  find(method: string, target: string): Found | null {
    const byPath = this.#byMethod.get(method === 'HEAD' ? 'GET' : method)
    if (byPath === undefined) return null
    const path = pathOf(target)
    const found = byPath.get(path)
    if (found !== undefined) return found
    if (!path.includes('v1')) return null
    const { pathname } = new URL(`http://localhost${path}`)
    const plain = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname
    return byPath.get(plain) ?? null
  }
}
