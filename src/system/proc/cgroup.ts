/** The kernel's counters of OOM kills, per memory control group (cgroups(7), both versions) and for the whole host. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { decodeOctal } from './mount-points.ts'

const readText = (path: string): string | null => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // A group that was removed, a kernel without that counter, a process that ended: no figure.
    return null
  }
}

interface Mount {
  /** The folder of the cgroup tree that is mounted. */
  root: string
  mountPoint: string
  type: string
  /** Of the super block: names the controllers of a version 1 mount. */
  options: string[]
}

const cgroupMounts = (mountinfo: string): Mount[] => {
  const mounts: Mount[] = []
  for (const line of mountinfo.split('\n')) {
    const [mount, superBlock] = line.split(' - ')
    const [, , , root, mountPoint] = mount?.split(' ') ?? []
    const [type, , options] = superBlock?.split(' ') ?? []
    if (root === undefined || mountPoint === undefined || type === undefined || !type.startsWith('cgroup')) continue
    mounts.push({
      root: decodeOctal(root),
      mountPoint: decodeOctal(mountPoint),
      type,
      options: options?.split(',') ?? [],
    })
  }
  return mounts
}

/** Path of the group's folder as this process sees it, or null when it lies outside of what is mounted. */
const folderOf = (mount: Mount, group: string): string | null => {
  if (group.startsWith('/..')) return null
  if (mount.root === '/') return mount.mountPoint + group
  return group === mount.root || group.startsWith(`${mount.root}/`)
    ? mount.mountPoint + group.slice(mount.root.length)
    : null
}

/** A group that memory is accounted to. */
interface MemoryGroup {
  folder: string
  /** Of the file in it that counts OOM kills. */
  counter: string
}

/**
 * The group of a process in the hierarchy that has the memory controller; in version 2 that controller may be off for it, and then
 * its memory is accounted to a group above.
 * @param membership text of /proc/<pid>/cgroup
 * @param mountinfo text of /proc/self/mountinfo
 */
export const memoryGroup = (membership: string, mountinfo: string): MemoryGroup | null => {
  const mounts = cgroupMounts(mountinfo)
  let unified: MemoryGroup | null = null
  for (const line of membership.split('\n')) {
    const [, hierarchy, controllers, group] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? []
    if (hierarchy === undefined || controllers === undefined || group === undefined) continue
    if (controllers.split(',').includes('memory')) {
      const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('memory'))
      const folder = mount === undefined ? null : folderOf(mount, group)
      return folder === null ? null : { folder, counter: 'memory.oom_control' }
    }
    if (hierarchy === '0' && controllers === '') {
      const mount = mounts.find(({ type }) => type === 'cgroup2')
      const folder = mount === undefined ? null : folderOf(mount, group)
      if (folder !== null) unified = { folder, counter: 'memory.events' }
    }
  }
  return unified
}

/** Read once: it is asked for often, and hierarchies are mounted at boot. */
let mountinfo: string | null = null

/** The folder of a process's group in version 2, as this process sees it; null where there is none. */
export const readUnifiedFolder = (pid: number | 'self'): string | null => {
  const membership = readText(`/proc/${pid}/cgroup`)
  mountinfo ??= readText('/proc/self/mountinfo')
  const [, group] = /^0::(.*)$/m.exec(membership ?? '') ?? []
  const mount = mountinfo === null ? undefined : cgroupMounts(mountinfo).find(({ type }) => type === 'cgroup2')
  return mount === undefined || group === undefined ? null : folderOf(mount, group)
}

/**
 * Whether a process is in a unit's control group, or below it.
 * @param group from the root of the hierarchy in which systemd keeps its units: version 2, or its own one of version 1
 */
export const isInUnitGroup = (pid: number, group: string): boolean => {
  const lines = (readText(`/proc/${pid}/cgroup`) ?? '').split('\n')
  return lines.some((line) => {
    const [, own] = /^(?:0:|\d+:name=systemd):(.*)$/.exec(line) ?? []
    return own === group || own?.startsWith(`${group}/`) === true
  })
}

/** The figure of the line `oom_kill N`, which memory.events, memory.oom_control and /proc/vmstat share. */
export const oomKillsIn = (text: string): number | null => {
  const [, figure] = /^oom_kill (\d+)$/m.exec(text) ?? []
  return figure === undefined ? null : Number(figure)
}

/** The counter of a process's OOM kills. */
export interface OomCounter {
  file: string
  /** This process's memory is accounted to the same group: its kills may be those of any program there. */
  shared: boolean
}

const readMemoryGroup = (pid: number | 'self'): MemoryGroup | null => {
  const membership = readText(`/proc/${pid}/cgroup`)
  mountinfo ??= readText('/proc/self/mountinfo')
  const group = membership === null || mountinfo === null ? null : memoryGroup(membership, mountinfo)
  if (group === null) return null
  // The root of a hierarchy is written with a slash at its end.
  for (let folder = group.folder.replace(/\/+$/, ''); folder.length > 1; folder = dirname(folder)) {
    if (existsSync(`${folder}/${group.counter}`)) return { ...group, folder }
    if (!existsSync(`${folder}/cgroup.procs`)) break
  }
  return null
}

/** The counter of the group that a running process's memory is accounted to; null where there is none. */
export const readOomCounter = (pid: number): OomCounter | null => {
  const group = readMemoryGroup(pid)
  if (group === null) return null
  const own = readMemoryGroup('self')?.folder ?? ''
  const shared = own === group.folder || own.startsWith(`${group.folder}/`)
  return { file: `${group.folder}/${group.counter}`, shared }
}

/** OOM kills that `file` counts so far, or null. */
export const readOomKills = (file: string): number | null => {
  const text = readText(file)
  return text === null ? null : oomKillsIn(text)
}

/** OOM kills on the whole host since its boot are in here. */
export const hostOomCounterFile = '/proc/vmstat'
