/** The figures of a pull as text for the page. Pure. */
import type { PullFigures } from '../../src/contract/slot.ts'
import { bytes, duration, rate } from '../../src/lib/figures.ts'

/** Fraction done, 0 to 1; null when it is unknown. */
export const pullFraction = ({ bytes_received, bytes_total }: PullFigures): number | null =>
  bytes_total === null || bytes_total === 0 ? null : Math.min(1, bytes_received / bytes_total)

const speedAndRest = ({ throughput_bps, eta_s }: PullFigures): string =>
  [
    ...(throughput_bps === null ? [] : [`, ${rate(throughput_bps)}`]),
    ...(eta_s === null ? [] : [`, ${duration(Math.ceil(eta_s))} left`]),
  ].join('')

/** @param downloaded how much has been downloaded, in words */
const statusText = (pull: PullFigures, downloaded: string): string => {
  if (pull.phase === 'resolving') return 'asking the hub'
  if (pull.phase === 'verifying') return `verifying ${bytes(pull.bytes_total ?? pull.bytes_received)}`
  return `${downloaded}${speedAndRest(pull)}`
}

/** e.g. "167 MB of 398 MB, 12 MB/s, 20 s left" */
export const pullText = (pull: PullFigures): string => {
  const total = pull.bytes_total === null ? '' : ` of ${bytes(pull.bytes_total)}`
  return statusText(pull, `${bytes(pull.bytes_received)}${total}`)
}

/** e.g. "42 % of 398 MB, 12 MB/s, 20 s left" */
export const shortPullText = (pull: PullFigures): string => {
  const fraction = pullFraction(pull)
  const downloaded =
    fraction === null
      ? bytes(pull.bytes_received)
      : `${Math.floor(fraction * 100)} % of ${bytes(pull.bytes_total ?? 0)}`
  return statusText(pull, downloaded)
}

/** @param position in the queue of waiting pulls, from 1 */
export const queueText = (position: number): string =>
  position === 1 ? 'waiting for another pull to end' : `waiting for its turn, number ${position} in the queue`
