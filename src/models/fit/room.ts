/** The memory of this machine that models can still get. */

/** A GPU that the engine would use. Bytes that are free now. */
export interface GpuRoom {
  id: string
  /** Memory that only the GPU has. */
  own: number
  /** RAM that the GPU may take; it is part of the room's RAM, too. */
  shared: number
}

export interface Room {
  /** Free RAM, bytes. */
  ram: number
  /** Empty: models run on the processor. */
  gpus: readonly GpuRoom[]
}

/** What all the GPUs can take together: RAM that several of them share counts once. */
export const gpuBytes = ({ ram, gpus }: Room): number => {
  const own = gpus.reduce((sum, gpu) => sum + gpu.own, 0)
  const shared = gpus.reduce((sum, gpu) => sum + gpu.shared, 0)
  return own + Math.min(shared, ram)
}

/** What GPUs and processor can take together. */
export const allBytes = ({ ram, gpus }: Room): number => gpus.reduce((sum, gpu) => sum + gpu.own, ram)
