/** A disk that fills up under a backend that prints. */
import { afterEach, beforeEach, describe, expect } from 'bun:test'
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPaths } from '../../../src/system/paths.ts'
import { ProcessSupervisor } from '../../../src/system/process/process-supervisor.ts'
import { testWith } from '../../support/part.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'
import { exitProbe, runs, shell } from '../programs.ts'

const mountTmpfs = (folder: string): boolean =>
  Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'hal0-test', folder]).success
const unmount = (folder: string): boolean => Bun.spawnSync(['umount', '-l', folder]).success

const mayMount = ((): boolean => {
  if (process.getuid?.() !== 0) return false
  const folder = mkdtempSync(join(tmpdir(), 'hal0-test-'))
  try {
    return mountTmpfs(folder) && unmount(folder)
  } finally {
    rmdirSync(folder)
  }
})()
const mountTest = testWith('root that may mount a tmpfs', mayMount)

/** Once told to by a file, prints 100 KB at a time for ever, whether that succeeds or not. */
const chatter = (go: string) =>
  `while (!(await Bun.file('${go}').exists())) await Bun.sleep(10); const line = 'x'.repeat(99) + '\\n'; const fs = require('fs'); while (true) { try { fs.writeSync(1, line.repeat(1000)) } catch {} await Bun.sleep(1) }`

describe('With a full disk', () => {
  let folder: string
  let supervisor: ProcessSupervisor

  beforeEach(() => {
    folder = tempDir()
    mountTmpfs(folder)
    supervisor = new ProcessSupervisor({ paths: findPaths({ HAL0_ROOT: folder }, false) })
  })
  afterEach(async () => {
    await supervisor.stop('primary', 0)
    supervisor.close()
    unmount(folder)
  })
  const fill = () => {
    try {
      writeFileSync(join(folder, 'ballast'), Buffer.alloc(4 << 20))
    } catch {
      // That the disk is full is what is wanted.
    }
  }

  mountTest('a backend goes on, its death is told, and nothing of it is left after a stop', async () => {
    const go = join(tempDir(), 'go')
    const probe = exitProbe()
    const spec = { ...shell('primary', ''), argv: [process.execPath, '-e', chatter(go)] }
    const { pid } = await supervisor.start(spec, probe.onExit)
    writeFileSync(go, '')
    await until('the disk is full', () => statfsSync(folder).bavail === 0)
    // Several looks at the log's size go by.
    await Bun.sleep(300)
    expect(runs(pid)).toBe(true)
    await supervisor.stop('primary', 1000)
    expect(await probe.exit).toMatchObject({ signal: 'SIGTERM' })
  })

  mountTest('a start says so and leaves nothing running; with space again it works', async () => {
    fill()
    const probe = exitProbe()
    const starting = supervisor.start(shell('primary', 'exec sleep 60'), probe.onExit)
    await expect(starting).rejects.toMatchObject({ code: 'storage.full' })
    rmSync(join(folder, 'ballast'))
    const { pid } = await supervisor.start(shell('primary', 'exec sleep 60'), probe.onExit)
    expect(runs(pid)).toBe(true)
    expect(probe.calls).toBe(0)
  })

  mountTest('a process that was found by its mark is adopted although its record cannot be written', async () => {
    const { pid } = await supervisor.start(shell('primary', 'exec sleep 60'), () => {})
    supervisor.close()
    rmSync(join(folder, 'var/lib/hal0/slots/primary/process.json'))
    fill()
    supervisor = new ProcessSupervisor({ paths: findPaths({ HAL0_ROOT: folder }, false) })
    expect(await supervisor.adopt('primary', () => {})).toMatchObject({ kind: 'running', process: { pid } })
  })
})
