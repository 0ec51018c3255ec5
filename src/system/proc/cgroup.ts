/** The kernel's counters of OOM kills, per memory control group (cgroups(7), both versions) and for the whole host. */
import { readFileSync } from 'node:fs'

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

// mountinfo writes space, tab, newline and backslash as octal escapes.
const decodeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

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

/**
 * The file that counts the OOM kills of a process's memory group.
 * @param membership text of /proc/<pid>/cgroup
 * @param mountinfo text of /proc/self/mountinfo
 */
export const oomCounterFile = (membership: string, mountinfo: string): string | null => {
  const mounts = cgroupMounts(mountinfo)
  let unified: string | null = null
  for (const line of membership.split('\n')) {
    const [, hierarchy, controllers, group] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? []
    if (hierarchy === undefined || controllers === undefined || group === undefined) continue
    if (controllers.split(',').includes('memory')) {
      const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('memory'))
      const folder = mount === undefined ? null : folderOf(mount, group)
      return folder === null ? null : `${folder}/memory.oom_control`
    }
    if (hierarchy === '0' && controllers === '') {
      const mount = mounts.find(({ type }) => type === 'cgroup2')
      const folder = mount === undefined ? null : folderOf(mount, group)
      if (folder !== null) unified = `${folder}/memory.events`
    }
  }
  return unified
}

/** The folder of a process's group in version 2, as this process sees it; null where there is none. */
export const readUnifiedFolder = (pid: number | 'self'): string | null => {
  const membership = readText(`/proc/${pid}/cgroup`)
  const mountinfo = readText('/proc/self/mountinfo')
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

/** The counter file of a running process's memory group, or null. */
export const readOomCounterFile = (pid: number): string | null => {
  const membership = readText(`/proc/${pid}/cgroup`)
  const mountinfo = readText('/proc/self/mountinfo')
  return membership === null || mountinfo === null ? null : oomCounterFile(membership, mountinfo)
}

/** OOM kills that `file` counts so far, or null. */
export const readOomKills = (file: string): number | null => {
  const text = readText(file)
  return text === null ? null : oomKillsIn(text)
}

/** OOM kills on the whole host since its boot are in here. */
export const hostOomCounterFile = '/proc/vmstat'
