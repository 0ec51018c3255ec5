/** Deaths and stops that only the kernel's control groups can bring about. */
import { afterEach, beforeEach, describe, expect } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { findPaths } from '../../../src/system/paths.ts'
import { hostOomCounterFile, readOomKills } from '../../../src/system/proc/cgroup.ts'
import { ProcessSupervisor } from '../../../src/system/process/process-supervisor.ts'
import { testWith } from '../../support/part.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'
import { exitProbe, shell } from '../programs.ts'

const asRoot = process.getuid?.() === 0
const memory = '/sys/fs/cgroup/memory'
const freezer = '/sys/fs/cgroup/freezer'
const memoryTest = testWith('root and a memory group of version 1', asRoot && existsSync(`${memory}/tasks`))
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
})
