/**
 * The variables that keep the environment's proxy away from this machine's own addresses, including a mirror on it. Both spellings
 * are set: if there is a `no_proxy`, Bun ignores `NO_PROXY`, so that a list in one hid what was in the other.
 */
export const loopbackDirect = (env: Record<string, string | undefined>): { no_proxy: string; NO_PROXY: string } => {
  const named = [env.no_proxy, env.NO_PROXY].flatMap((list) => (list ?? '').split(','))
  const hosts = [...named.map((host) => host.trim()).filter((host) => host !== ''), '127.0.0.1', 'localhost', '::1']
  const list = [...new Set(hosts)].join(',')
  return { no_proxy: list, NO_PROXY: list }
}
