/** A daemon with one slot, `primary`, that runs a stand-in of llama-server. */
import { join } from 'node:path'
import type { SlotCreate } from '../../src/contract/slot-config.ts'
import { Daemon, type DaemonOptions } from '../support/daemon.ts'
import { SlotWatch } from '../support/slot-watch.ts'
import { makeStandIn, type StandInBehaviour } from '../support/stand-in-llama.ts'
import { tinyModel } from '../support/tiny-model.ts'

export interface StandInSlot {
  daemon: Daemon
  /** Its engine, for `setBehaviour` and `standInEvents`. */
  program: string
  watch: SlotWatch
}

export const startStandIn = async (
  behaviour: StandInBehaviour = {},
  settings: Partial<SlotCreate> = {},
  options: DaemonOptions = {},
): Promise<StandInSlot> => {
  const daemon = await Daemon.start(options)
  const program = makeStandIn(join(daemon.root, 'engine'), behaviour)
  await daemon.addSlot(await tinyModel(), { name: 'primary', model: 'tiny', engine: program, ...settings })
  return { daemon, program, watch: await SlotWatch.open(daemon) }
}
