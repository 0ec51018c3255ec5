/** Whether a pasted address belongs to the hub or to a mirror in use. Pure. */

export type HubSite =
  /** `path` is what follows the hub's address, with its leading slash; still escaped. */
  | { kind: 'hub'; path: string; query: string }
  /** It does not begin with a host. */
  | { kind: 'bare' }
  /** The end of a sentence that begins with the text. */
  | { kind: 'foreign'; problem: string }

interface Site {
  /** With its port, unless it is the default one. */
  host: string
  /** Without a trailing slash. */
  prefix: string
}

const hubSites: readonly Site[] = ['huggingface.co', 'www.huggingface.co', 'hf.co', 'www.hf.co'].map((host) => ({
  host,
  prefix: '',
}))

/** @param url an endpoint in use, already validated */
const siteAt = (url: string): Site[] => {
  if (!URL.canParse(url)) return []
  const { host, pathname } = new URL(url)
  return [{ host, prefix: pathname.replace(/\/+$/, '') }]
}

const usualPort = /^(.*?)\.?(?::(?:80|443))?$/
/** Lower case, without default ports and the trailing dot of the root. */
const hostOf = (authority: string): string => usualPort.exec(authority.toLowerCase())?.[1] ?? ''

const foreign = (host: string): string => {
  if (/(^|\.)hf\.space$/.test(host)) return 'is a space of the hub, not a model'
  if (/\.(hf\.co|huggingface\.co)$/.test(host)) {
    return "is an address of the hub's storage, which expires: paste that of the file's page"
  }
  return 'is not an address of the hub, nor of a mirror in use (hub.mirrors, HF_ENDPOINT)'
}

/**
 * @param text without blanks around it
 * @param endpoints addresses of the hubs and mirrors in use
 */
export const siteOf = (text: string, endpoints: readonly string[]): HubSite => {
  const [, scheme, slashes = '', authority = '', path = '', query = ''] =
    /^([a-z][a-z0-9+.-]*:(?=\/\/))?(\/\/)?([^/?#]*)([^?#]*)(?:\?([^#]*))?/i.exec(text) ?? []
  if (scheme !== undefined && !/^https?:$/i.test(scheme))
    return { kind: 'foreign', problem: 'is not an address of the hub' }
  if (authority.includes('@') && (slashes !== '' || path !== '')) {
    return { kind: 'foreign', problem: 'holds a user name or a password: paste it without' }
  }
  const host = hostOf(authority)
  const known = [...endpoints.flatMap(siteAt), ...hubSites].filter((site) => hostOf(site.host) === host)
  // The longest first: one mirror may be below the path of another.
  const [site] = known
    .filter(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))
    .sort((a, b) => b.prefix.length - a.prefix.length)
  if (site !== undefined) return { kind: 'hub', path: path.slice(site.prefix.length), query }
  const [other] = known
  if (other !== undefined) return { kind: 'foreign', problem: `is not an address below ${other.host}${other.prefix}` }
  // An owner's name may contain a dot. With three parts and no scheme, the first one is a host.
  const isHost = slashes !== '' || (/\.[a-z]{2,}(:\d+)?$/.test(host) && /\/[^/]+\/[^/]/.test(path))
  return isHost ? { kind: 'foreign', problem: foreign(host.replace(/:\d+$/, '')) } : { kind: 'bare' }
}
