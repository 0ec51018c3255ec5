/**
 * What a backend can do besides inference, for admins (spec §5): `/api/slots/NAME/upstream/PATH` is PATH at the slot's backend. It is
 * relayed like inference, with the slot's queue and the backend's key. Pure.
 */
import type { Endpoint } from '../../contract/endpoints.ts'

/** How every such request is called in the log and in the metrics. */
const shownPath = '/api/slots/{name}/upstream'

const pattern = /^\/api\/slots\/([a-z0-9-]+)\/upstream(\/[^?]*)(\?.*)?$/

/** HEAD is answered like GET, without the body. */
const methods: ReadonlyMap<string, Endpoint['method']> = new Map([
  ['GET', 'GET'],
  ['HEAD', 'GET'],
  ['POST', 'POST'],
  ['PUT', 'PUT'],
  ['PATCH', 'PATCH'],
  ['DELETE', 'DELETE'],
])

/** The slot whose backend a target leads to; null: it leads to none. */
export const slotOfUpstream = (target: string): string | null => pattern.exec(target)?.[1] ?? null

/** The endpoint that such a request asks for; null: it is none. Dots in the path are resolved as in any URL, and never lead above its root. */
export const slotUpstream = (method: string, target: string): { endpoint: Endpoint; path: string } | null => {
  const [, , rest, query = ''] = pattern.exec(target) ?? []
  const known = methods.get(method)
  if (rest === undefined || known === undefined) return null
  const endpoint: Endpoint = {
    method: known,
    paths: [shownPath],
    scope: 'admin',
    backendPath: new URL(`http://localhost${rest.replace(/^\/+/, '/')}`).pathname + query,
    model: 'slot',
    dialect: 'openai',
    capability: 'chat',
    usage: 'none',
  }
  return { endpoint, path: shownPath }
}
