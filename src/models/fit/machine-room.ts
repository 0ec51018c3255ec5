/** The memory that models can get on a machine, by the GPUs that its engine uses. Pure. */
import type { GpuBackend } from '../../contract/hardware.ts'
import type { Figures, GpuReading, Machine } from '../../system/hardware/machine.ts'
import type { GpuRoom, Room } from './room.ts'

const freeIn = (figures: Figures | null): number => (figures === null ? 0 : Math.max(0, figures.total - figures.used))

/** Makers whose GPUs use all of the RAM where they do not say how much memory they have. */
const usingRam: ReadonlySet<string> = new Set(['Intel', 'NVIDIA'])

const roomOf = ({ gpu, own, shared }: GpuReading, ram: number): GpuRoom => ({
  id: gpu.id,
  own: freeIn(own),
  // What it may take is only there while the RAM has it.
  shared: gpu.memory.unified && own === null ? ram : Math.min(ram, freeIn(shared)),
})

/**
 * An engine takes the graphics of the processor only where there is no card. A GPU that does not say how much memory it has does not
 * count, unless that is the RAM.
 * @param usable the ways in which the engine uses a GPU; null: it does not say, so each counts
 * @returns null if the machine does not say how much is free
 */
export const roomOn = ({ hardware, gpus }: Machine, usable: readonly GpuBackend[] | null): Room | null => {
  const ram = hardware.memory.available
  if (ram === null) return null
  const used = gpus.filter(({ gpu }) => gpu.backends.some((way) => usable === null || usable.includes(way)))
  const cards = used.filter(({ gpu, own }) => !gpu.memory.unified && own !== null)
  const inCpu = used.filter(({ gpu, own }) => gpu.memory.unified && (own !== null || usingRam.has(gpu.vendor)))
  return { ram, gpus: (cards.length > 0 ? cards : inCpu).map((reading) => roomOf(reading, ram)) }
}
