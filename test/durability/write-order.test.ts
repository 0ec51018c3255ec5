import { expect } from 'bun:test'
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Daemon } from '../support/daemon.ts'
import { makeStandIn } from '../support/stand-in-llama.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { stateFile } from './disk.ts'
import { strace, tracedTest as test } from './kill-points/strace.ts'
import { slotName } from './life.ts'

test('each record goes to a new file, is fsynced, renamed, and its folder fsynced, in that order', async () => {
  const daemon = await Daemon.prepare()
  const log = join(tempDir(), 'trace')
  await daemon.launch(strace('fsync,rename', null, log))
  await daemon.addSlot(await tinyModel(), { name: slotName, engine: makeStandIn(join(tempDir(), 'engine')) })
  await daemon.load()
  await daemon.command(slotName, 'unload')
  await daemon.kill('SIGTERM')

  const path = stateFile(daemon.root)
  const trace = readFileSync(log, 'utf8')
  // Else a power cut could take the new folder with all that is in it.
  expect(trace).toContain(`<${dirname(dirname(path))}>`)
  // Only finished calls, each where it was begun: "12 fsync(9</path> <unfinished ...>" is whole as far as this looks.
  const calls = trace.split('\n').flatMap((line) => {
    const renamed = /rename\("([^"]+)", "([^"]+)"/.exec(line)
    if (renamed?.[2] === path) return [`rename ${basename(renamed[1] ?? '')}`]
    const synced = /fsync\(\d+<([^>]+)>/.exec(line)?.[1] ?? ''
    if (synced === dirname(path)) return ['fsync folder']
    return basename(synced).startsWith('.state.json.') ? [`fsync ${basename(synced)}`] : []
  })
  const renames = calls.flatMap((call, at) => (call.startsWith('rename ') ? [at] : []))
  // offline, starting, warming, ready, unloading, offline
  expect(renames.length).toBe(6)
  for (const at of renames) {
    const temp = calls[at]?.slice('rename '.length) ?? ''
    expect(calls.slice(0, at)).toContain(`fsync ${temp}`)
    const next = renames.find((later) => later > at) ?? calls.length
    expect(calls.slice(at + 1, next)).toContain('fsync folder')
  }
  const temps = renames.map((at) => calls[at])
  expect(new Set(temps).size).toBe(temps.length)
})
