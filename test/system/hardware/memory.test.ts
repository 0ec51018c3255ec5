/** RAM and the limits of control groups, of both versions. */
import { expect, test } from 'bun:test'
import type { HostFiles } from '../../../src/system/hardware/host-files.ts'
import { readMemory } from '../../../src/system/hardware/memory.ts'

const GiB = 2 ** 30

/** A machine with 16 GiB, of which 12 are available, and these files. */
const machine = (texts: Record<string, string>): HostFiles => {
  const all: Record<string, string> = {
    '/proc/meminfo': `MemTotal: ${16 * 2 ** 20} kB\nMemAvailable: ${12 * 2 ** 20} kB`,
    ...texts,
  }
  return {
    text: async (path) => all[path] ?? null,
    names: async () => [],
    linkName: async () => null,
    exists: async (path) => all[path] !== undefined,
  }
}

const mount2 = '31 23 0:27 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw'
const group2 = (folder: string, max: number | 'max', current: number, inactive = 0) => ({
  [`${folder}/cgroup.procs`]: '',
  [`${folder}/memory.max`]: String(max),
  [`${folder}/memory.current`]: String(current),
  [`${folder}/memory.stat`]: `anon 0\ninactive_file ${inactive}`,
})
const at2 = (group: string) => ({ '/proc/self/cgroup': `0::${group}`, '/proc/self/mountinfo': mount2 })

test('without a control group all that is available counts', async () => {
  expect(await readMemory(machine({}))).toEqual({ total: 16 * GiB, available: 12 * GiB, limit: null })
})

test('the smallest limit of all groups above counts, and what the fullest of them leaves', async () => {
  const files = machine({
    ...at2('/a/b'),
    ...group2('/sys/fs/cgroup/a/b', 8 * GiB, GiB),
    ...group2('/sys/fs/cgroup/a', 10 * GiB, 9 * GiB),
    '/sys/fs/cgroup/cgroup.procs': '',
  })
  expect(await readMemory(files)).toEqual({ total: 16 * GiB, available: GiB, limit: 8 * GiB })
})

test('page cache that the group would drop does not count as used', async () => {
  const files = machine({ ...at2('/a'), ...group2('/sys/fs/cgroup/a', 8 * GiB, 6 * GiB, 5 * GiB) })
  expect(await readMemory(files)).toMatchObject({ available: 7 * GiB, limit: 8 * GiB })
})

test('a group that is over its limit leaves nothing', async () => {
  const files = machine({ ...at2('/a'), ...group2('/sys/fs/cgroup/a', 2 * GiB, 3 * GiB) })
  expect(await readMemory(files)).toMatchObject({ available: 0, limit: 2 * GiB })
})

test('a limit above the RAM is none', async () => {
  const files = machine({ ...at2('/a'), ...group2('/sys/fs/cgroup/a', 64 * GiB, GiB) })
  expect(await readMemory(files)).toEqual({ total: 16 * GiB, available: 12 * GiB, limit: null })
})

test('the limit of hal0.service is not that of its slots, but that of the slice is', async () => {
  const api = group2('/sys/fs/cgroup/system.slice/hal0.service', 2 * GiB, GiB)
  const slice = group2('/sys/fs/cgroup/system.slice', 8 * GiB, GiB)
  const files = machine({ ...at2('/system.slice/hal0.service'), ...api, ...slice })
  expect(await readMemory(files)).toMatchObject({ available: 7 * GiB, limit: 8 * GiB })
})

test('in version 1 the hierarchy of the memory controller counts, and its largest number is no limit', async () => {
  const group1 = (folder: string, limit: string, usage: number, inactive: number) => ({
    [`${folder}/cgroup.procs`]: '',
    [`${folder}/memory.limit_in_bytes`]: limit,
    [`${folder}/memory.usage_in_bytes`]: String(usage),
    [`${folder}/memory.stat`]: `inactive_file 1\ntotal_inactive_file ${inactive}`,
  })
  const files = machine({
    '/proc/self/cgroup': '4:memory:/docker/c1\n1:name=systemd:/docker/c1\n0::/',
    '/proc/self/mountinfo': `36 32 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n${mount2}`,
    ...group1('/sys/fs/cgroup/memory/docker/c1', String(4 * GiB), 2 * GiB, GiB),
    ...group1('/sys/fs/cgroup/memory/docker', '9223372036854771712', 2 * GiB, GiB),
  })
  expect(await readMemory(files)).toEqual({ total: 16 * GiB, available: 3 * GiB, limit: 4 * GiB })
})

test('a group that says nothing limits nothing', async () => {
  const files = machine({ ...at2('/a'), '/sys/fs/cgroup/a/cgroup.procs': '' })
  expect(await readMemory(files)).toMatchObject({ limit: null })
})
