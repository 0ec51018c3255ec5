/** Deaths and stops that only the kernel's control groups can bring about. */
import { afterEach, beforeEach, describe, expect } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { findPaths } from '../../../src/system/paths.ts'
import { hostOomCounterFile, readOomKills, readUnifiedFolder } from '../../../src/system/proc/cgroup.ts'
import { ControlGroup, groupPrefix } from '../../../src/system/proc/control-group.ts'
import { ProcessSupervisor } from '../../../src/system/process/process-supervisor.ts'
import { testWith } from '../../support/part.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'
import { exitProbe, runs, shell } from '../programs.ts'

const asRoot = process.getuid?.() === 0
const memory = '/sys/fs/cgroup/memory'
const freezer = '/sys/fs/cgroup/freezer'
const memoryTest = testWith('root and a memory group of version 1', asRoot && existsSync(`${memory}/tasks`))
const ownGroup = ControlGroup.make(groupPrefix('test'))
ownGroup?.remove()
const groupTest = testWith('a control group of version 2 that it may divide', ownGroup !== null)
const freezerTest = testWith('root and a freezer group of version 1', asRoot && existsSync(`${freezer}/tasks`))

/** Takes 256 MiB, in steps. */
const glutton = `exec ${process.execPath} -e 'const held = []; for (let i = 0; i < 256; i++) held.push(Buffer.alloc(1 << 20, 1)); console.log(held.length)'`

describe('In a control group', () => {
  let supervisor: ProcessSupervisor
  let root: string
  let groups: string[]

  const open = () => new ProcessSupervisor({ paths: findPaths({ HAL0_ROOT: root }, false), killLimitMs: 300 })
  beforeEach(() => {
    groups = []
    root = tempDir()
    supervisor = open()
  })
  afterEach(async () => {
    await supervisor.stop('primary', 0)
    supervisor.close()
    for (const group of groups) rmdirSync(group)
  })
  const makeGroup = (parent: string): string => {
    const group = `${parent}/hal0-test-${crypto.randomUUID()}`
    mkdirSync(group)
    groups.push(group)
    return group
  }
  const limitedGroup = (): string => {
    const group = makeGroup(memory)
    writeFileSync(`${group}/memory.limit_in_bytes`, String(96 << 20))
    return group
  }

  memoryTest('a process that the OOM killer ends is reported as out of memory', async () => {
    const group = limitedGroup()
    const probe = exitProbe()
    await supervisor.start(shell('primary', `echo $$ > ${group}/tasks; echo loading; ${glutton}`), probe.onExit)
    expect(await probe.exit).toEqual({
      exitCode: null,
      signal: 'SIGKILL',
      outOfMemory: true,
      lastLines: ['loading'],
    })
  })

  memoryTest('an adopted process that the OOM killer ends is reported as out of memory', async () => {
    const group = limitedGroup()
    const go = join(tempDir(), 'go')
    const script = `echo $$ > ${group}/tasks; until [ -e ${go} ]; do sleep 0.05; done; ${glutton}`
    const { pid } = await supervisor.start(shell('primary', script), () => {})
    supervisor.close()
    supervisor = open()
    const probe = exitProbe()
    expect(await supervisor.adopt('primary', probe.onExit)).toMatchObject({ kind: 'running', process: { pid } })
    writeFileSync(go, '')
    expect(await probe.exit).toMatchObject({ exitCode: null, signal: null, outOfMemory: true })
  })

  memoryTest(
    'a process that somebody kills is not out of memory because another program was, a moment before',
    async () => {
      const probe = exitProbe()
      const { pid } = await supervisor.start(shell('primary', 'echo loading; exec sleep 60'), probe.onExit)
      const killsBefore = readOomKills(hostOomCounterFile) ?? 0
      const other = Bun.spawn(['/bin/sh', '-c', `echo $$ > ${limitedGroup()}/tasks; ${glutton}`])
      await other.exited
      expect(other.signalCode).toBe('SIGKILL')
      expect(readOomKills(hostOomCounterFile)).toBeGreaterThan(killsBefore)
      process.kill(pid, 'SIGKILL')
      expect(await probe.exit).toMatchObject({ signal: 'SIGKILL', outOfMemory: false })
    },
  )

  memoryTest('a script whose program the OOM killer ends is out of memory too', async () => {
    const group = limitedGroup()
    const probe = exitProbe()
    const script = `echo $$ > ${group}/tasks; echo loading; (${glutton}); status=$?; exit $status`
    await supervisor.start(shell('primary', script), probe.onExit)
    expect(await probe.exit).toMatchObject({ exitCode: 137, signal: null, outOfMemory: true })
  })

  freezerTest('a process that survives SIGKILL makes the stop fail, and a later one work', async () => {
    const group = makeGroup(freezer)
    const probe = exitProbe()
    const { pid } = await supervisor.start(shell('primary', `echo $$ > ${group}/tasks; exec sleep 60`), probe.onExit)
    await until('it is in the group', () => readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(basename(group)))
    writeFileSync(`${group}/freezer.state`, 'FROZEN')
    await expect(supervisor.stop('primary', 50)).rejects.toMatchObject({
      code: 'slot.stop_failed',
      details: { pids: [pid] },
    })
    expect(probe.calls).toBe(0)
    writeFileSync(`${group}/freezer.state`, 'THAWED')
    await supervisor.stop('primary', 50)
    expect(await probe.exit).toMatchObject({ exitCode: null, outOfMemory: false })
  })

  groupTest(
    'a backend is in a group of its own from its first instruction on, and the daemon is where it was',
    async () => {
      const before = readUnifiedFolder('self')
      const prefix = groupPrefix(join(root, 'var/lib/hal0/slots/primary'))
      const { argv, ...rest } = shell('primary', '')
      for (let turn = 0; turn < 20; turn += 1) {
        const probe = exitProbe()
        await supervisor.start({ ...rest, argv: ['/bin/cat', '/proc/self/cgroup'] }, probe.onExit)
        expect((await probe.exit).lastLines.find((line) => line.startsWith('0::'))).toContain(prefix)
      }
      expect(readUnifiedFolder('self')).toBe(before)
    },
  )

  groupTest('a stop ends what leaves parent, session and environment behind at once, 50 times out of 50', async () => {
    const pids = join(tempDir(), 'pids')
    const away = `setsid env -i /bin/sh -c 'echo $$ >> ${pids}; exec /bin/sleep 600'`
    const written = (): number[] =>
      (existsSync(pids) ? readFileSync(pids, 'utf8').split('\n').filter(Boolean) : []).map(Number)
    for (let turn = 1; turn <= 50; turn += 1) {
      await supervisor.start(shell('primary', `(${away} &); exec sleep 600`), () => {})
      await until('it has forked away', () => written().length === turn)
      await supervisor.stop('primary', 0)
    }
    expect(written().filter(runs)).toEqual([])
  })

  groupTest('what cannot be executed leaves no group', async () => {
    const { argv, ...rest } = shell('primary', '')
    await expect(supervisor.start({ ...rest, argv: [join(root, 'missing')] }, () => {})).rejects.toMatchObject({
      code: 'slot.spawn_failed',
    })
    const parent = readUnifiedFolder('self') ?? ''
    const prefix = groupPrefix(join(root, 'var/lib/hal0/slots/primary'))
    expect(readdirSync(parent).filter((name) => name.startsWith(prefix))).toEqual([])
  })

  groupTest(
    'empty groups of slots that are gone are removed, and neither young ones nor those in which something runs',
    async () => {
      const make = (): ControlGroup => ControlGroup.make(groupPrefix(crypto.randomUUID())) as ControlGroup
      const [gone, young, lives] = [make(), make(), make()]
      const other = lives.enclose(() => Bun.spawn(['/bin/sleep', '600'])).started
      mkdirSync(join(gone.folder, 'below'))
      for (const { folder } of [gone, lives]) utimesSync(folder, new Date(0), new Date(0))
      supervisor.close()
      supervisor = open()
      expect([gone, young, lives].map(({ folder }) => existsSync(folder))).toEqual([false, true, true])
      other.kill()
      await other.exited
      young.remove()
      lives.remove()
      await until('they are gone', () => !existsSync(young.folder) && !existsSync(lives.folder))
    },
  )
})
