/** A daemon with a model and, if wanted, a slot, on which faults are tried. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Daemon, type DaemonOptions } from '../support/daemon.ts'
import { makeStandIn } from '../support/stand-in-llama.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tinyModel } from '../support/tiny-model.ts'
import { stateFile } from './disk.ts'
import { slotName } from './life.ts'

export const slotPath = `/api/slots/${slotName}`

/** A daemon with the model `tiny`, and a slot of it that is offline. */
export const daemonWithSlot = async (options: DaemonOptions = {}): Promise<Daemon> => {
  const daemon = await Daemon.start(options)
  await daemon.addSlot(await tinyModel(), { name: slotName, engine: makeStandIn(join(tempDir(), 'engine')) })
  return daemon
}

export const stateText = (daemon: Daemon): string => readFileSync(stateFile(daemon.root), 'utf8')

/** Waits until the daemon reports no problem of its own: what the disk refused has been written. */
export const untilWell = async (daemon: Daemon, limitMs = 15_000): Promise<void> => {
  const end = performance.now() + limitMs
  for (;;) {
    const { problems } = await daemon.status()
    if (problems.length === 0) return
    if (performance.now() > end) throw new Error(`still wrong: ${problems.join(' ')}`)
    await Bun.sleep(20)
  }
}
