/** Looks up the endpoint table by path. */
import type { Dialect, Endpoint } from '../../contract/endpoints.ts'
import { spellings, splitTarget } from './spelling.ts'

/** An endpoint and the path that was requested. */
export interface Found {
  readonly endpoint: Endpoint
  /** The one of its paths. */
  readonly path: string
}

/** A path with what follows its second name, if anything does, as the table writes it: `/v1/stream/{id}`. */
const withoutId = (path: string): string => path.replace(/^(\/v1\/[^/]+)\/.+$/, '$1/{id}')

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
   * The endpoint of a request; null: not inference. The usual spelling of a path costs only a look-up. HEAD is treated like GET, since
   * only then the answer is known.
   */
  find(method: string, target: string): Found | null {
    const byPath = this.#byMethod.get(method === 'HEAD' ? 'GET' : method)
    if (byPath === undefined) return null
    const { path } = splitTarget(target)
    const found = byPath.get(path)
    if (found !== undefined) return found
    for (const spelling of [path, ...spellings(path)]) {
      const other = byPath.get(spelling) ?? byPath.get(withoutId(spelling))
      if (other !== undefined) return other
    }
    return null
  }

  /** The dialect in which errors at this target are told, whatever the method; undefined: it is not inference. */
  dialectOf(target: string): Dialect | undefined {
    for (const method of this.#byMethod.keys()) {
      const found = this.find(method, target)
      if (found !== null) return found.endpoint.dialect
    }
    return undefined
  }

  /** Whether an endpoint has this path, whatever the method. */
  has(path: string): boolean {
    for (const byPath of this.#byMethod.values()) if (byPath.has(path) || byPath.has(withoutId(path))) return true
    return false
  }
}
