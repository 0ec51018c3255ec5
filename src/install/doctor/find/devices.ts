/** Finds the devices of GPUs and other accelerators. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'
import type { Device } from '../facts.ts'

/** Render nodes (Vulkan, ROCm, SYCL), ROCm's own device, NVIDIA's, NPUs. Cards (`card0`) are for displays. */
const places: readonly { folder: string; name: RegExp }[] = [
  { folder: '/dev/dri', name: /^renderD\d+$/ },
  { folder: '/dev', name: /^(kfd|nvidia\d+|nvidiactl|nvidia-uvm)$/ },
  { folder: '/dev/accel', name: /^accel\d+$/ },
]

/** The group's name; null if it has none. */
const groupName = async (gid: number): Promise<string | null> => {
  const groups = await readFile('/etc/group', 'utf8').catch(() => '')
  return (
    groups
      .split('\n')
      .find((line) => line.split(':')[2] === String(gid))
      ?.split(':')[0] ?? null
  )
}

export const findDevices = async (): Promise<Device[]> => {
  const devices: Device[] = []
  for (const { folder, name } of places) {
    try {
      for (const entry of await readdir(folder)) {
        if (!name.test(entry)) continue
        const path = join(folder, entry)
        const { mode, uid, gid } = await stat(path)
        devices.push({ path, mode, uid, gid, group: await groupName(gid) })
      }
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw storageError(error, folder, 'look for GPUs')
    }
  }
  return devices
}
