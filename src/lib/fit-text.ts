/** Sentences about whether a model fits this machine, for the command line and for messages. Pure. */
import type { Fit } from '../contract/models/fit.ts'
import { preciseBytes } from './figures.ts'

interface Fitting {
  fit: Fit | null
}

/** How well a model runs: partly on the GPU is slow. */
const rank = ({ fit }: Fitting): number => ['no', 'partial', 'tight', 'fits'].indexOf(fit?.verdict ?? 'no')

/**
 * The model to take instead of one that does not fit: the largest of those that fit best; null: none fits.
 * @param models to choose from, e.g. the other files of a repository, or what the catalog has of the same kind
 */
export const largestThatFits = <T extends Fitting>(models: readonly T[]): T | null => {
  const total = ({ fit }: Fitting): number => fit?.needs.total ?? 0
  const [best] = models.filter((one) => rank(one) > 0).toSorted((a, b) => rank(b) - rank(a) || total(b) - total(a))
  return best ?? null
}

const places = (device: string): string => {
  const gpus = device.split(',').filter((one) => one !== 'ram').length
  const gpu = gpus === 1 ? 'its GPU' : `its ${gpus} GPUs`
  if (gpus === 0) return 'this machine has'
  return device.endsWith('ram')
    ? `this machine with ${gpu} has`
    : `${gpu.replace('its', 'the')} of this machine ${gpus === 1 ? 'has' : 'have'}`
}

/**
 * How much memory a model needs and what is free, e.g. "needs about 5.1 GB, this machine has 3.9 GB free; smaller: X". It continues a
 * sentence that begins with the model, and has no full stop.
 * @param smaller id of a model that fits; null: there is none, or the model fits itself
 */
export const fitText = ({ needs, have }: Fit, smaller: string | null): string =>
  `needs about ${preciseBytes(needs.total)}, ${places(have.device)} ${preciseBytes(have.free)} free${smaller === null ? '' : `; smaller: ${smaller}`}`
