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

const barWidth = 24

/** e.g. `[=========>              ]  41 %`; empty while the size is unknown */
export const bar = ({ bytes_received, bytes_total }: Pick<Figures, 'bytes_received' | 'bytes_total'>): string => {
  if (bytes_total === null || bytes_total === 0) return ''
  const share = Math.min(1, bytes_received / bytes_total)
  const full = Math.floor(share * barWidth)
  const head = full < barWidth ? '>' : ''
  return `[${'='.repeat(full)}${head}${' '.repeat(barWidth - full - head.length)}] ${String(Math.floor(share * 100)).padStart(3)} %`
}
