/** The progress of a pull, or of other work on files, as text and as a bar. */

import type { Static } from 'typebox'
import type { PullFigures } from '../contract/slot.ts'
import { bytes, duration, rate } from '../lib/figures.ts'

type Figures = Static<typeof PullFigures>

/** e.g. `1.2 GB of 4.7 GB, 41 MB/s, about 85 s left` */
export const describeFigures = ({
  bytes_received,
  bytes_total,
  throughput_bps,
  eta_s,
}: Pick<Figures, 'bytes_received' | 'bytes_total' | 'throughput_bps' | 'eta_s'>): string =>
  [
    bytes_total === null ? bytes(bytes_received) : `${bytes(bytes_received)} of ${bytes(bytes_total)}`,
    ...(throughput_bps === null ? [] : [rate(throughput_bps)]),
    ...(eta_s === null ? [] : [`about ${duration(eta_s)} left`]),
  ].join(', ')

const wide = 24
const narrow = 10

/** e.g. `[====>     ]  41 %`; empty while the size is unknown */
const bar = (
  { bytes_received, bytes_total }: Pick<Figures, 'bytes_received' | 'bytes_total'>,
  barWidth: number,
): string => {
  if (bytes_total === null || bytes_total === 0) return ''
  const share = Math.min(1, bytes_received / bytes_total)
  const full = Math.floor(share * barWidth)
  const head = full < barWidth ? '>' : ''
  return `[${'='.repeat(full)}${head}${' '.repeat(barWidth - full - head.length)}] ${String(Math.floor(share * 100)).padStart(3)} %`
}

/**
 * A pull or a verification on one line, in several ways, the longest first: with a smaller bar, without a bar, and with ever fewer
 * figures.
 * @param name of what is being worked on; it is never left out
 */
export const progressLine = (
  name: string,
  figures: Pick<Figures, 'bytes_received' | 'bytes_total' | 'throughput_bps' | 'eta_s'>,
): readonly [string, ...string[]] => {
  const { throughput_bps, eta_s } = figures
  const all = describeFigures(figures)
  const percentage = bar(figures, narrow).replace(/^.*\] +/, '')
  const joined = (...parts: string[]): string => [name, ...parts].filter((part) => part !== '').join('  ')
  const speed = throughput_bps === null ? '' : rate(throughput_bps)
  const left = eta_s === null ? '' : `${duration(eta_s)} left`
  return [
    joined(bar(figures, wide), all),
    joined(bar(figures, narrow), all),
    joined(percentage, all),
    joined(percentage, speed, left),
    joined(percentage, speed),
    joined(percentage),
  ]
}
