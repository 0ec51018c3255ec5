/** The kernel's counters of OOM kills, per memory control group (cgroups(7), both versions) and for the whole host. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { decodeOctal } from './mount-points.ts'

const readText = (path: string): string | null => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // The group was removed, the kernel has no such counter, or the process has ended.
    return null
  }
}

interface Mount {
  /** The folder of the cgroup tree that is mounted here. */
  root: string
  mountPoint: string
  type: string
  /** Options of the super block; on a version 1 mount they name its controllers. */
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

/** Path of the group's folder as this process sees it; null if it is outside the mounted part. */
const folderOf = (mount: Mount, group: string): string | null => {
  if (group.startsWith('/..')) return null
  if (mount.root === '/') return mount.mountPoint + group
  return group === mount.root || group.startsWith(`${mount.root}/`)
    ? mount.mountPoint + group.slice(mount.root.length)
    : null
}

/** The group that a process's memory is accounted to. */
interface MemoryGroup {
  folder: string
  /** Name of the file in it that counts OOM kills. */
  counter: string
}

/**
 * The group of a process in the hierarchy with the memory controller. In version 2 that controller may be off for the group; its
 * memory is then accounted to a parent group.
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

/** Read only once: it is needed often, and hierarchies are mounted at boot. */
let mountinfo: string | null = null

/** The folder of a process's version 2 group, as this process sees it; null if there is none. */
export const readUnifiedFolder = (pid: number | 'self'): string | null => {
  const membership = readText(`/proc/${pid}/cgroup`)
  mountinfo ??= readText('/proc/self/mountinfo')
  const [, group] = /^0::(.*)$/m.exec(membership ?? '') ?? []
  const mount = mountinfo === null ? undefined : cgroupMounts(mountinfo).find(({ type }) => type === 'cgroup2')
  return mount === undefined || group === undefined ? null : folderOf(mount, group)
}

/**
 * Whether a process is in a unit's control group or below it.
 * @param group path from the root of the hierarchy in which systemd keeps its units: version 2, or its own version 1 hierarchy
 */
export const isInUnitGroup = (pid: number, group: string): boolean => {
  const lines = (readText(`/proc/${pid}/cgroup`) ?? '').split('\n')
  return lines.some((line) => {
    const [, own] = /^(?:0:|\d+:name=systemd):(.*)$/.exec(line) ?? []
    return own === group || own?.startsWith(`${group}/`) === true
  })
}

/** The number in the line `oom_kill N`, which memory.events, memory.oom_control and /proc/vmstat all have. */
export const oomKillsIn = (text: string): number | null => {
  const [, figure] = /^oom_kill (\d+)$/m.exec(text) ?? []
  return figure === undefined ? null : Number(figure)
}

/** The counter of a process's OOM kills. */
export interface OomCounter {
  file: string
  /** This process's own memory is accounted to the same group: an OOM kill may be of any program in it. */
  shared: boolean
}

const readMemoryGroup = (pid: number | 'self'): MemoryGroup | null => {
  const membership = readText(`/proc/${pid}/cgroup`)
  mountinfo ??= readText('/proc/self/mountinfo')
  const group = membership === null || mountinfo === null ? null : memoryGroup(membership, mountinfo)
  if (group === null) return null
  // The root of a hierarchy has a trailing slash.
  for (let folder = group.folder.replace(/\/+$/, ''); folder.length > 1; folder = dirname(folder)) {
    if (existsSync(`${folder}/${group.counter}`)) return { ...group, folder }
    if (!existsSync(`${folder}/cgroup.procs`)) break
  }
  return null
}

/** The counter of the group that a running process's memory is accounted to; null if there is none. */
export const readOomCounter = (pid: number): OomCounter | null => {
  const group = readMemoryGroup(pid)
  if (group === null) return null
  const own = readMemoryGroup('self')?.folder ?? ''
  const shared = own === group.folder || own.startsWith(`${group.folder}/`)
  return { file: `${group.folder}/${group.counter}`, shared }
}

/** The number of OOM kills that `file` has counted, or null. */
export const readOomKills = (file: string): number | null => {
  const text = readText(file)
  return text === null ? null : oomKillsIn(text)
}

/** Counts OOM kills on the whole host since its boot. */
export const hostOomCounterFile = '/proc/vmstat'
