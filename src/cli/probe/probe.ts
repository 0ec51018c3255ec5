import type { Hardware } from '../../contract/hardware.ts'
import { call } from '../api/client.ts'
import { urlIsConfigured } from '../api/connection.ts'
import { defineVerb } from '../command.ts'
import { Failure } from '../terminal/failure.ts'
import { print, printJson } from '../terminal/output.ts'
import { fields } from '../terminal/table.ts'
import { machineLines } from './machine-text.ts'

/** What the daemon sees, since it may live in a container; without its answer, what this process sees. */
const look = async (): Promise<Hardware> => {
  try {
    return await call('showHardware', {})
  } catch (error) {
    // HAL0_URL may name another machine. This one needs no daemon, and nobody's leave.
    if (!(error instanceof Failure) || urlIsConfigured()) throw error
    const { readLocalHardware } = await import('../host/local-machine.ts')
    return readLocalHardware()
  }
}

export default defineVerb({
  about: 'Show this machine: processor, memory, GPUs, NPUs and disk.',
  more: 'Works without the daemon. With HAL0_URL it shows the machine of that daemon.',
  examples: ['hal0 probe', "hal0 probe --json | jq '.gpus[].name'"],
  args: {},
  async run({ args: { json } }) {
    const hardware = await look()
    if (json) printJson(hardware)
    else print(fields(machineLines(hardware)))
  },
})
