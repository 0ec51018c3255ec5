/** Names and addresses by which clients reach hal0 on this machine (spec §8, the list of hosts). */
import { hostname, networkInterfaces } from 'node:os'

/** What the machine is called, and its addresses in the network, without their zones. */
export interface MachineNames {
  hostname: string
  addresses: readonly string[]
}

const everyAddress = new Set(['0.0.0.0', '::'])

/**
 * The machine's name, its name by mDNS, and the addresses that hal0 listens on. Pure.
 * @param bound the address that hal0 listens on
 */
export const ownNames = (bound: string, { hostname: name, addresses }: MachineNames): string[] => {
  const [short = ''] = name.split('.')
  const names = name === '' ? [] : [name, short, `${short}.local`]
  return [...new Set([...names, ...(everyAddress.has(bound) ? addresses : [bound])])]
}

/** Read afresh each time: addresses come and go. */
export const machineNames = (): MachineNames => ({
  hostname: hostname(),
  addresses: Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
})
