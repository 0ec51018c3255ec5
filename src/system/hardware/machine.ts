/** What hal0 knows about the machine: the answer of the API, and what only a part of hal0 needs to know. */
import type { Gpu, Hardware } from '../../contract/hardware.ts'

/** Bytes. */
export interface Figures {
  total: number
  used: number
}

/** A GPU with its memory by where it is, which the API does not tell apart. */
export interface GpuReading {
  gpu: Gpu
  /** Memory that only the GPU has, or that the firmware has set aside for it; null: it does not say. */
  own: Figures | null
  /** RAM that it may take like any program; null: none, or it does not say. */
  shared: Figures | null
  /** Why nothing can use it, as the end of a sentence; null: something can, or its driver does not say. */
  broken: string | null
}

export interface Machine {
  hardware: Hardware
  /** In the order of `hardware.gpus`. */
  gpus: GpuReading[]
}
