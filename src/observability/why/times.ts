/** Points in time and spans, as the explanations write them. Pure. */
import type { Happening } from '../../contract/logs/why.ts'
import { duration } from '../../lib/figures.ts'

/** e.g. `03:04:05 UTC` today, `2026-01-02 03:04:05 UTC` otherwise. */
export const clock = (time: string, now: number): string => {
  const text = new Date(time).toISOString()
  const [day = '', rest = ''] = text.split('T')
  const isToday = new Date(now).toISOString().startsWith(day)
  return `${isToday ? '' : `${day} `}${rest.slice(0, 8)} UTC`
}

/** Milliseconds between two events. */
export const between = (from: Pick<Happening, 'time'>, to: Pick<Happening, 'time'>): number =>
  Math.max(0, Date.parse(to.time) - Date.parse(from.time))

/** e.g. `0.4 s`, `3 min 20 s` */
export const span = (ms: number): string => duration(ms / 1000)
