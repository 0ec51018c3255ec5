import { describe, expect, test } from 'bun:test'
import { hostOomCounterFile, memoryGroup, oomKillsIn, readOomKills } from '../../../src/system/proc/cgroup.ts'

const v1 = '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory'
const v2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate'
const unified = '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw'
const other = '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n22 1 8:1 / / rw - ext4 /dev/sda1 rw'

describe('The file that counts the OOM kills of a group', () => {
  for (const [what, membership, mountinfo, file] of [
    ['version 2', '0::/user.slice/a b.scope', `${other}\n${v2}`, '/sys/fs/cgroup/user.slice/a b.scope/memory.events'],
    ['version 2, at its root', '0::/', v2, '/sys/fs/cgroup//memory.events'],
    ['version 1', '5:cpu:/x\n4:memory:/x/y\n0::/z', `${other}\n${v1}`, '/sys/fs/cgroup/memory/x/y/memory.oom_control'],
    [
      'both, memory in version 1',
      '4:memory:/x\n0::/',
      `${unified}\n${v1}`,
      '/sys/fs/cgroup/memory/x/memory.oom_control',
    ],
    [
      'a container that sees the host tree',
      '0::/docker/abc/slot',
      '30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw',
      '/sys/fs/cgroup/slot/memory.events',
    ],
    [
      'a group outside of what is mounted',
      '0::/other',
      '30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw',
      null,
    ],
    ['a group above the namespace', '0::/../x', v2, null],
    [
      'a mount point with a space',
      '0::/x',
      '30 23 0:26 / /cg\\040roups rw - cgroup2 cgroup rw',
      '/cg roups/x/memory.events',
    ],
    ['no mount', '0::/x', other, null],
    ['nothing', '', '', null],
  ] as const) {
    test(`is found for ${what}`, () => {
      const group = memoryGroup(membership, mountinfo)
      expect(group === null ? null : `${group.folder}/${group.counter}`).toBe(file)
    })
  }
})

describe('The figure', () => {
  test('is read in each format', () => {
    expect(oomKillsIn('low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 1\n')).toBe(3)
    expect(oomKillsIn('oom_kill_disable 0\nunder_oom 0\noom_kill 12\n')).toBe(12)
    expect(oomKillsIn('oom_kill_disable 0\nunder_oom 0\n')).toBeNull()
  })

  test('of the host exists', () => expect(readOomKills(hostOomCounterFile)).toBeGreaterThanOrEqual(0))

  test('of a group that is gone does not', () => expect(readOomKills('/sys/fs/cgroup/none/memory.events')).toBeNull())
})
