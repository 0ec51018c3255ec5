/**
 * The spellings of a path of `/v1` that clients make when they join a base URL and a path (spec §5): doubled slashes, one at the end,
 * `/v1` twice, or no `/v1` at all. Pure.
 */

/** A target without and with its query string, which begins with its question mark or is empty. */
export const splitTarget = (target: string): { path: string; query: string } => {
  const at = target.indexOf('?')
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at) }
}

const ofApi = /^\/+api(?:\/|$)/

/** The usual spellings that `path` may stand for, without duplicates of `path` itself. Those of the API are only what they say. */
export const spellings = (path: string): string[] => {
  if (ofApi.test(path)) return []
  // Dots go too: "/v1/x/../models".
  const { pathname } = new URL(`http://localhost${path}`)
  const plain = pathname.replaceAll(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
  const once = plain.replace(/^(?:\/v1)+(?=\/v1(?:\/|$))/, '')
  return [once, `/v1${once}`].filter((spelling) => spelling !== path)
}

/** The target with the usual spelling of its path, if `isKnown` knows that; otherwise as it is. */
export const respelled = (target: string, isKnown: (path: string) => boolean): string => {
  const { path, query } = splitTarget(target)
  const known = isKnown(path) ? undefined : spellings(path).find(isKnown)
  return known === undefined ? target : known + query
}
