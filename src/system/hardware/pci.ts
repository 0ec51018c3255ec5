/** Devices on the PCI bus, from /sys/bus/pci, and their names from the list that distributions install. */
import type { HostFiles } from './host-files.ts'

export interface PciDevice {
  /** e.g. 0000:03:00.0 */
  address: string
  /** Four hexadecimal digits. */
  vendor: string
  device: string
  /** Six hexadecimal digits: class, subclass and interface. */
  deviceClass: string
  driver: string | null
  /** Numbers of its render nodes. */
  renderNodes: number[]
}

export const folderOf = (address: string): string => `/sys/bus/pci/devices/${address}`

const hex = (text: string | null): string => text?.replace(/^0x/, '').toLowerCase() ?? ''

/** @param isWanted by vendor and class, which is all that is read of the others */
export const readPci = async (
  files: HostFiles,
  isWanted: (vendor: string, deviceClass: string) => boolean,
): Promise<PciDevice[]> => {
  const read = async (address: string): Promise<PciDevice[]> => {
    const folder = folderOf(address)
    const [vendor, deviceClass] = [hex(await files.text(`${folder}/vendor`)), hex(await files.text(`${folder}/class`))]
    if (!isWanted(vendor, deviceClass)) return []
    const device = hex(await files.text(`${folder}/device`))
    const driver = await files.linkName(`${folder}/driver`)
    const nodes = await files.names(`${folder}/drm`)
    const renderNodes = nodes.flatMap((name) => (/^renderD\d+$/.test(name) ? [Number(name.slice(7))] : []))
    return [{ address, vendor, device, deviceClass, driver, renderNodes }]
  }
  return (await Promise.all((await files.names('/sys/bus/pci/devices')).map(read))).flat()
}

/** Where Debian, Fedora, Arch and their like have the list. */
const lists = ['/usr/share/misc/pci.ids', '/usr/share/hwdata/pci.ids']

/** The list, or '' where none is installed. */
export const readPciNames = async (files: HostFiles): Promise<string> => {
  for (const path of lists) {
    const text = await files.text(path)
    if (text !== null) return `\n${text}`
  }
  return ''
}

/**
 * The name of a device, as people know it: of "Navi 31 [Radeon RX 7900 XTX]" what is in the brackets.
 * @param list text of pci.ids: lines "1002  Vendor", and below it "<tab>744c  Device"
 */
export const pciName = (list: string, { vendor, device }: Pick<PciDevice, 'vendor' | 'device'>): string | null => {
  const start = list.indexOf(`\n${vendor}  `)
  if (start < 0) return null
  const rest = list.slice(start + 1)
  const end = rest.search(/\n[0-9a-f]{4} {2}/)
  const [, name] = new RegExp(`\\n\\t${device} {2}(.+)`).exec(end < 0 ? rest : rest.slice(0, end)) ?? []
  if (name === undefined) return null
  return /\[(.+)\]/.exec(name)?.[1] ?? name
}
