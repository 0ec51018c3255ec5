/** Accelerators for neural networks, from /sys/class/accel. */
import type { Hardware } from '../../contract/hardware.ts'
import type { HostFiles } from './host-files.ts'

export const readNpus = async (files: HostFiles): Promise<Hardware['npus']> => {
  const read = async (entry: string): Promise<Hardware['npus']> => {
    const folder = `/sys/class/accel/${entry}/device`
    const driver = await files.linkName(`${folder}/driver`)
    // amdxdna has its name in `vbnv`, e.g. "NPU Strix Halo".
    return [{ id: (await files.linkName(folder)) ?? entry, name: (await files.text(`${folder}/vbnv`)) || null, driver }]
  }
  const entries = (await files.names('/sys/class/accel')).filter((name) => /^accel\d+$/.test(name))
  return (await Promise.all(entries.map(read))).flat()
}
