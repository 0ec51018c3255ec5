/** What is wrong with a machine for running models. Pure. */
import { bytes } from '../../lib/figures.ts'
import type { GpuReading, Machine } from './machine.ts'

export interface MachineFinding {
  about: 'GPU' | 'memory'
  /** A sentence. */
  problem: string
  /** What to do about it. */
  advice: string
}

const nameOf = ({ gpu: { vendor, name, id } }: GpuReading): string =>
  name === null ? `the ${vendor} GPU at ${id}` : name.includes(vendor) ? name : `${vendor} ${name}`

const adviceFor = ({ gpu: { vendor, driver } }: GpuReading): string => {
  if (driver === null) return `Install the driver of ${vendor} and restart the machine`
  if (driver.startsWith('nvidia')) return 'nvidia-smi shows the same; after an update of the driver restart the machine'
  return 'In a container hand the device in (--device /dev/dri, for ROCm /dev/kfd too); else install its driver'
}

/** A limit below this leaves no room for a small model with its cache. */
const leastLimitBytes = 2 ** 30

/** Nothing about GPUs that work, nor about those that somebody has given to a virtual machine. */
export const machineFindings = ({ hardware: { memory }, gpus }: Machine): MachineFinding[] => {
  const broken = gpus.flatMap((reading): MachineFinding[] => {
    const { broken: why } = reading
    if (why === null || reading.gpu.driver === 'vfio-pci') return []
    return [{ about: 'GPU', problem: `No engine can use ${nameOf(reading)}: ${why}.`, advice: adviceFor(reading) }]
  })
  const { limit } = memory
  if (limit === null || limit >= leastLimitBytes) return broken
  const problem = `The control group of hal0 limits its memory to ${bytes(limit)}: no model fits.`
  return [...broken, { about: 'memory', problem, advice: 'Raise the limit (of a container: --memory)' }]
}
