/** What listening for other machines takes (spec §8). Pure. */
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { Hal0Error } from '../lib/hal0-error.ts'

/** Not reached from the internet: this machine, private networks, links, and what providers share (RFC 6890). */
const inner = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  inner.addSubnet(network, bits, 'ipv4')
}
/** Of IPv6, all that is routed in the internet (RFC 4291). */
const outer = new BlockList()
outer.addSubnet('2000::', 3, 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** An IPv4 address may be written as one of IPv6: `::ffff:192.168.1.2`. */
const unmapped = (host: string): string => /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(host)?.[1] ?? host

const familyOf = (host: string): 'ipv4' | 'ipv6' | null => (isIPv4(host) ? 'ipv4' : isIPv6(host) ? 'ipv6' : null)

/** Whether only programs on this machine reach what listens on `host`, an address or a name. */
export const isForThisMachine = (host: string): boolean => {
  const family = familyOf(host)
  return family === null ? host === 'localhost' : loopback.check(host, family)
}

/** Whether the internet may reach it. Not so for all addresses at once: there, the network's router stands in between. */
const isForEverybody = (written: string): boolean => {
  const host = unmapped(written)
  const family = familyOf(host)
  if (family === null) return false
  return family === 'ipv4' ? !inner.check(host, family) : outer.check(host, family)
}

/**
 * Refuses to send keys over the internet in the clear.
 * @param host the address to listen on
 * @param behindProxy addresses of proxies, which are expected to speak TLS
 * @throws Hal0Error `config.invalid`
 */
export const checkListening = (host: string, behindProxy: readonly string[]): void => {
  if (!isForEverybody(host) || behindProxy.length > 0) return
  throw new Hal0Error(
    'config.invalid',
    `${host} is an address of the internet, and hal0 speaks no TLS: keys, prompts and answers could be read on the way. Listen on an address of your own network, or put a proxy that speaks TLS in front and name its address: hal0 serve --behind-proxy ADDRESS (behind_proxy in hal0.toml).`,
    { details: { host } },
  )
}
