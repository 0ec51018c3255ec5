/** This machine as this process sees it. Like the other local-*.ts it reaches past the contract: people ask before a daemon runs. */
import type { Hardware } from '../../contract/hardware.ts'
import { readMachine } from '../../system/hardware/read-machine.ts'
import { findPaths } from '../../system/paths.ts'

/** Reads /sys and /proc, and asks nvidia-smi where there is NVIDIA's driver. */
export const readLocalHardware = async (): Promise<Hardware> =>
  (await readMachine(findPaths(process.env, process.getuid?.() === 0).data)).hardware
