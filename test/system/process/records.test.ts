/** What the next daemon makes of what an earlier one left: records, and processes without one. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPaths, slotDir } from '../../../src/system/paths.ts'
import { ProcessSupervisor } from '../../../src/system/process/process-supervisor.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'
import { exitProbe, runs, shell } from '../programs.ts'

const ignore = () => {}

describe('A daemon that starts', () => {
  let root: string
  let supervisor: ProcessSupervisor
  let recordPath: string

  const openAt = (folder: string) => new ProcessSupervisor({ paths: findPaths({ HAL0_ROOT: folder }, false) })
  beforeEach(() => {
    root = tempDir()
    supervisor = openAt(root)
    recordPath = join(slotDir(findPaths({ HAL0_ROOT: root }, false), 'primary'), 'process.json')
  })
  afterEach(async () => {
    await supervisor.stop('primary', 0)
    supervisor.close()
  })
  const restartDaemon = () => {
    supervisor.close()
    supervisor = openAt(root)
  }
  const readRecord = () => JSON.parse(readFileSync(recordPath, 'utf8')) as Record<string, unknown>
  /** Starts a process that ends at once, and waits for both its end and its record. */
  const runToEnd = async (script: string) => {
    const probe = exitProbe()
    await supervisor.start(shell('primary', script), probe.onExit)
    await probe.exit
    await until('the record is there', () => existsSync(recordPath))
  }
  const editRecord = (change: Record<string, unknown>) =>
    writeFileSync(recordPath, JSON.stringify({ ...readRecord(), ...change }))

  test('adopts the process of a daemon that was killed, and hears of its death', async () => {
    const source = `
      import { ProcessSupervisor } from ${JSON.stringify(join(import.meta.dir, '../../../src/system/process/process-supervisor.ts'))}
      import { findPaths } from ${JSON.stringify(join(import.meta.dir, '../../../src/system/paths.ts'))}
      const supervisor = new ProcessSupervisor({ paths: findPaths({ HAL0_ROOT: ${JSON.stringify(root)} }, false) })
      const { pid } = await supervisor.start({ name: 'primary', argv: ['/bin/sh', '-c', 'while :; do echo beat; sleep 0.05; done'], env: { PATH: '/usr/bin:/bin' }, cwd: '/' }, () => {})
      console.log(pid)
      setInterval(() => {}, 1000)
    `
    const script = join(root, 'daemon.ts')
    writeFileSync(script, source)
    const daemon = Bun.spawn([process.execPath, script], { stdout: 'pipe' })
    const { value } = await daemon.stdout.getReader().read()
    const pid = Number(new TextDecoder().decode(value))
    daemon.kill('SIGKILL')
    await daemon.exited
    const probe = exitProbe()
    expect(await supervisor.adopt('primary', probe.onExit)).toMatchObject({ kind: 'running', process: { pid } })
    const killed = performance.now()
    process.kill(pid, 'SIGKILL')
    const { exitCode, signal, lastLines } = await probe.exit
    expect(performance.now() - killed).toBeLessThan(1000)
    expect({ exitCode, signal, last: lastLines.at(-1) }).toEqual({ exitCode: null, signal: null, last: 'beat' })
  })

  for (const [what, content] of [
    ['no record', null],
    ['a torn record', '{"pid": 12, "start_'],
    ['an empty record', ''],
    ['a record with wrong types', '{"pid":"12","start_time":null}'],
    ['a record of bytes', '\u0000\ufffd\u0001'],
  ] as const) {
    test(`finds the process by its mark where there is ${what}, and writes the record again`, async () => {
      const { pid, startedAt } = await supervisor.start(shell('primary', 'exec sleep 60'), ignore)
      const before = readRecord()
      supervisor.close()
      if (content === null) rmSync(recordPath)
      else writeFileSync(recordPath, content)
      supervisor = openAt(root)
      const found = await supervisor.adopt('primary', ignore)
      expect(found).toMatchObject({ kind: 'running', process: { pid } })
      if (found.kind === 'running') expect(Math.abs(found.process.startedAt - startedAt)).toBeLessThan(1000)
      expect(readRecord()).toMatchObject({ pid, start_time: before.start_time, boot_id: before.boot_id })
    })
  }

  test('finds the process of a start whose record was not written yet, although that of the run before is there', async () => {
    await runToEnd('exit 1')
    const old = readFileSync(recordPath)
    const { pid } = await supervisor.start(shell('primary', 'exec sleep 60'), ignore)
    restartDaemon()
    writeFileSync(recordPath, old)
    expect(await supervisor.adopt('primary', ignore)).toMatchObject({ kind: 'running', process: { pid } })
  })

  test('does not take a process for its own that has merely got the pid', async () => {
    const stranger = Bun.spawn(['/bin/sleep', '60'])
    try {
      await runToEnd('echo said')
      editRecord({ pid: stranger.pid, start_time: 1 })
      restartDaemon()
      expect(await supervisor.adopt('primary', ignore)).toEqual({
        kind: 'ended',
        exit: { exitCode: null, signal: null, outOfMemory: false, lastLines: ['said'] },
      })
      await supervisor.stop('primary', 0)
      expect(runs(stranger.pid)).toBe(true)
    } finally {
      stranger.kill('SIGKILL')
    }
  })

  for (const change of [{ boot_id: '00000000-0000-0000-0000-000000000000' }, { init_start: 1_234_567_890 }]) {
    test(`knows a record of another boot by its ${Object.keys(change).join()}, and removes it`, async () => {
      await runToEnd('true')
      editRecord(change)
      restartDaemon()
      expect(await supervisor.adopt('primary', ignore)).toEqual({ kind: 'rebooted' })
      expect(await supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
    })
  }

  test('leaves the process of another installation alone, whose data folder was copied', async () => {
    const { pid } = await supervisor.start(shell('primary', 'exec sleep 60'), ignore)
    const copy = tempDir()
    cpSync(root, copy, { recursive: true })
    const other = openAt(copy)
    try {
      expect(await other.adopt('primary', ignore)).toMatchObject({ kind: 'ended' })
      await other.stop('primary', 0)
      expect(runs(pid)).toBe(true)
    } finally {
      other.close()
    }
  })

  test('gives the same answer about an ended process until it is stopped', async () => {
    await runToEnd('true')
    restartDaemon()
    expect(await supervisor.adopt('primary', ignore)).toMatchObject({ kind: 'ended' })
    expect(await supervisor.adopt('primary', ignore)).toMatchObject({ kind: 'ended' })
    await supervisor.stop('primary', 0)
    expect(await supervisor.adopt('primary', ignore)).toEqual({ kind: 'none' })
  })

  test('ends what an ended process left behind', async () => {
    const folder = tempDir()
    const script = `setsid sleep 60 & echo $! > ${folder}/child; exec sleep 60`
    const { pid } = await supervisor.start(shell('primary', script), ignore)
    await until('the child is there', () => existsSync(`${folder}/child`) && readFileSync(`${folder}/child`).length > 1)
    const child = Number(readFileSync(`${folder}/child`, 'utf8'))
    supervisor.close()
    process.kill(pid, 'SIGKILL')
    await until('the main process is dead', () => !runs(pid))
    supervisor = openAt(root)
    // Which of both it takes for the main one is not told by anything: the child may have become one in a session of its own.
    await supervisor.adopt('primary', ignore)
    await supervisor.stop('primary', 0)
    expect(runs(child)).toBe(false)
  })

  test('kills the process whose record cannot be written, and says so', async () => {
    mkdirSync(recordPath, { recursive: true })
    const folder = tempDir()
    const probe = exitProbe()
    const starting = supervisor.start(shell('primary', `echo $$ > ${folder}/pid; exec sleep 60`), probe.onExit)
    await expect(starting).rejects.toMatchObject({ code: 'storage.failed', details: { path: recordPath } })
    const pid = existsSync(`${folder}/pid`) ? Number(readFileSync(`${folder}/pid`, 'utf8')) : 0
    expect(pid !== 0 && runs(pid)).toBe(false)
    rmSync(recordPath, { recursive: true })
    await supervisor.start(shell('primary', 'exec sleep 60'), ignore)
    expect(probe.calls).toBe(0)
  })
})
