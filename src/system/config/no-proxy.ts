/**
 * What keeps a proxy of the environment away from this machine's own addresses, a mirror on it included. Both cases are set: Bun
 * takes `no_proxy` and forgets `NO_PROXY` where there is one, so that a list in the one hid what stood in the other.
 */
export const loopbackDirect = (env: Record<string, string | undefined>): { no_proxy: string; NO_PROXY: string } => {
  const named = [env.no_proxy, env.NO_PROXY].flatMap((list) => (list ?? '').split(','))
  const hosts = [...named.map((host) => host.trim()).filter((host) => host !== ''), '127.0.0.1', 'localhost', '::1']
  const list = [...new Set(hosts)].join(',')
  return { no_proxy: list, NO_PROXY: list }
}
