/** Formats figures for people. */

const scaled = (value: number, units: readonly string[], step: number): string => {
  let index = 0
  let rest = value
  while (rest >= step && index < units.length - 1) {
    rest /= step
    index += 1
  }
  return `${index === 0 ? rest : rest.toFixed(rest < 10 ? 1 : 0)} ${units[index]}`
}

/** e.g. `4.7 GB` (powers of 1000, as disks and downloads are labelled). */
export const bytes = (value: number): string => scaled(value, ['B', 'kB', 'MB', 'GB', 'TB'], 1000)

/** Number of weights, e.g. `494M`. */
export const count = (value: number): string => scaled(value, ['', 'k', 'M', 'B', 'T'], 1000).replace(' ', '')

/** Length of time, e.g. `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export const duration = (seconds: number): string => {
  if (seconds < 1) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 120) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

/** e.g. `35 ms`, `1.24 s`; `-` if it never happened. */
export const milliseconds = (value: number | null): string => {
  if (value === null) return '-'
  return value < 1000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1000).toFixed(2)} s`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** Local time of day of an RFC 3339 time, e.g. `10:44:03`; the text itself if it is not a time. */
export const clock = (time: string): string => {
  const at = new Date(time)
  return Number.isNaN(at.getTime()) ? time : `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}
