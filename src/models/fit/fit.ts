/** Whether a model fits into the memory of this machine. Pure. */
import type { Fit } from '../../contract/models/fit.ts'
import type { Verdict } from '../../contract/models/verdict.ts'
import type { Needs } from './needs.ts'
import { allBytes, gpuBytes, type Room } from './room.ts'

/** What stays free beside a model that fits: drivers, other programs and a longer prompt take some, too. */
export const marginBytes = 2 ** 30

/** The name of the machine's RAM among devices. */
const ram = 'ram'

const judge = (total: number, free: number): Extract<Verdict, 'fits' | 'tight'> | null => {
  if (total > free) return null
  return total + marginBytes <= free ? 'fits' : 'tight'
}

/** How much of the model the GPUs can take: layers, 0 to all of them, or null where their number is not known. */
const layersWithin = ({ weights, kv, layers }: Needs, free: number): number | null => {
  if (free <= 0) return 0
  // The output counts as one more layer.
  return layers === null ? null : Math.min(layers, Math.floor(free / ((weights + kv) / (layers + 1))))
}

/**
 * Where the model would run: in the memory of the GPUs if it has room there, else partly, else in RAM.
 * @param room null: the machine does not say
 * @returns null if that cannot be said
 */
export const fitOf = (needs: Needs, room: Room | null): Fit | null => {
  if (room === null) return null
  const { weights, kv, compute, context, layers, basis } = needs
  const ids = room.gpus.map(({ id }) => id)
  const answer = (verdict: Verdict, places: string[], free: number, gpuLayers: number | null, devices = 1): Fit => ({
    verdict,
    needs: { weights, kv, compute: compute * devices, total: weights + kv + compute * devices },
    have: { device: places.join(','), free },
    context,
    gpu_layers: gpuLayers,
    basis,
  })
  if (ids.length > 0) {
    const buffers = compute * ids.length
    const total = weights + kv + buffers
    const free = gpuBytes(room)
    const verdict = judge(total, free)
    if (verdict !== null) return answer(verdict, ids, free, layers === null ? null : layers + 1, ids.length)
    const taken = layersWithin(needs, free - buffers - marginBytes)
    if (taken !== 0 && total <= allBytes(room)) return answer('partial', ids, free, taken, ids.length)
  }
  const inRam = judge(weights + kv + compute, room.ram)
  return inRam === null && ids.length > 0
    ? answer('no', [...ids, ram], allBytes(room), 0, ids.length)
    : answer(inRam ?? 'no', [ram], room.ram, 0)
}
