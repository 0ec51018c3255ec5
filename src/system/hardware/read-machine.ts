/** Looks at the machine, afresh at each call. */

import { readCpu } from './cpu.ts'
import { diskSpace } from './disk-space.ts'
import { readGpus } from './gpus.ts'
import { type HostFiles, hostFiles } from './host-files.ts'
import type { Machine } from './machine.ts'
import { readMemory } from './memory.ts'
import { readNpus } from './npus.ts'
import { askNvidia, findNvidiaSmi, type NvidiaAnswer, oneAtATime } from './nvidia.ts'

/** What is looked at; of another machine in tests. */
export interface MachineView {
  files: HostFiles
  askNvidia: () => Promise<NvidiaAnswer>
  /** @throws when the file system does not say */
  space: (folder: string) => Promise<{ total: number; free: number }>
}

export const thisMachine: MachineView = {
  files: hostFiles(),
  askNvidia: oneAtATime(() => askNvidia(findNvidiaSmi())),
  space: diskSpace,
}

/**
 * Takes a few milliseconds, and at most about two seconds if a driver hangs. Never rejects: what the machine does not say is null.
 * @param dataFolder where hal0 keeps its data
 */
export const readMachine = async (
  dataFolder: string,
  { files, askNvidia, space }: MachineView = thisMachine,
): Promise<Machine> => {
  const cpu = await readCpu(files)
  const [memory, gpus, npus, disk] = await Promise.all([
    readMemory(files),
    readGpus(files, cpu.model, askNvidia),
    readNpus(files),
    space(dataFolder).catch(() => ({ total: null, free: null })),
  ])
  return {
    hardware: { cpu, memory, gpus: gpus.map(({ gpu }) => gpu), npus, disk: { path: dataFolder, ...disk } },
    gpus,
  }
}
