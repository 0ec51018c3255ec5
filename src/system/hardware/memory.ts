/** RAM, and what the control groups leave of it (proc_meminfo(5), cgroups(7), both versions). */
import { basename, dirname } from 'node:path'
import type { Hardware } from '../../contract/hardware.ts'
import { memoryGroup } from '../proc/cgroup.ts'
import { type HostFiles, numberIn } from './host-files.ts'

/** Files of a group, by the version of its hierarchy. `stat` has page cache that is dropped when the group needs memory. */
const filesOf = {
  2: { limit: 'memory.max', usage: 'memory.current', droppable: /^inactive_file (\d+)$/m },
  1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', droppable: /^total_inactive_file (\d+)$/m },
} as const

/** The daemon's own group, in which no backend runs: slots have units of their own. */
const apiUnit = 'hal0.service'

interface Limit {
  bytes: number
  /** What the group can still get. */
  left: number
}

/** The limits of the groups from `folder` upwards. @param folder as this process sees it */
const limitsFrom = async (files: HostFiles, folder: string, version: 1 | 2): Promise<Limit[]> => {
  const { limit, usage, droppable } = filesOf[version]
  const limits: Limit[] = []
  for (let at = folder; at.length > 1 && (await files.exists(`${at}/cgroup.procs`)); at = dirname(at)) {
    // `max`, which means none, is no number.
    const bytes = numberIn(await files.text(`${at}/${limit}`))
    if (bytes === null) continue
    const used = numberIn(await files.text(`${at}/${usage}`)) ?? 0
    const [, cache = '0'] = droppable.exec((await files.text(`${at}/memory.stat`)) ?? '') ?? []
    limits.push({ bytes, left: Math.max(0, bytes - Math.max(0, used - Number(cache))) })
  }
  return limits
}

const kilobytes = (meminfo: string, key: string): number | null => {
  const [, figure] = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(meminfo) ?? []
  return figure === undefined ? null : Number(figure) * 1024
}

export const readMemory = async (files: HostFiles): Promise<Hardware['memory']> => {
  const meminfo = (await files.text('/proc/meminfo')) ?? ''
  const total = kilobytes(meminfo, 'MemTotal')
  const available = kilobytes(meminfo, 'MemAvailable')
  const group = memoryGroup(
    (await files.text('/proc/self/cgroup')) ?? '',
    (await files.text('/proc/self/mountinfo')) ?? '',
  )
  if (group === null) return { total, available, limit: null }
  // The root of a hierarchy has a trailing slash.
  const own = group.folder.replace(/\/+$/, '')
  const version = group.counter === 'memory.oom_control' ? 1 : 2
  const limits = await limitsFrom(files, basename(own) === apiUnit ? dirname(own) : own, version)
  // Version 1 writes "none" as the largest multiple of a page; a limit above the RAM limits nothing.
  const real = limits.filter(({ bytes }) => total === null || bytes < total)
  if (real.length === 0) return { total, available, limit: null }
  const left = real.map((limit) => limit.left)
  return {
    total,
    available: Math.min(...(available === null ? [] : [available]), ...left),
    limit: Math.min(...real.map(({ bytes }) => bytes)),
  }
}
