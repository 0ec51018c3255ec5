/** Names and addresses in Host headers and of peers. Pure. */

const hostPattern = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?$/i

/** The name in a Host header value, in lower case; null when it is not `name` or `name:port`. */
export const hostName = (host: string): string | null => {
  const [, name, port] = hostPattern.exec(host) ?? []
  if (name === undefined || Number(port ?? 0) > 65_535) return null
  return name.toLowerCase()
}

/** An entry of `allowed_hosts`, or an address, as `hostName` would return it: without port, a bare IPv6 address in brackets. */
export const configuredName = (entry: string): string => {
  const bare = entry.trim().toLowerCase()
  return hostName(bare) ?? (bare.includes(':') ? `[${bare}]` : bare)
}

/** The names of the loopback interface that every hal0 answers to. */
export const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/** Whether a Host header value names this machine from its inside. */
export const isLoopbackName = (host: string): boolean => {
  const name = hostName(host)
  return name !== null && (loopbackNames.includes(name) || /^127(?:\.\d{1,3}){3}$/.test(name))
}

/** Whether a peer's address is one of the loopback interface. */
export const isLoopbackAddress = (address: string): boolean =>
  address === '::1' || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(address)
