/** Formats figures for people, alike in messages, on the command line and in the dashboard. Pure; also runs in a browser. */

/** @param digits the fewest digits to show: 2 makes `4.7` and `47` */
const scaled = (value: number, units: readonly string[], digits: number): string => {
  let index = 0
  let rest = value
  // A value that would be rounded to 1000 is shown as 1 of the next unit.
  while (rest >= 999.5 && index < units.length - 1) {
    rest /= 1000
    index += 1
  }
  const isWhole = index === 0 || rest >= 10 ** digits - 0.5
  return `${isWhole ? rest.toFixed(0) : rest.toPrecision(digits)} ${units[index]}`
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** e.g. `4.7 GB`: powers of 1000, as disks and downloads are labelled. */
export const bytes = (value: number): string => scaled(value, byteUnits, 2)

/** e.g. `4.66 GB`, for sentences that compare sizes. */
export const preciseBytes = (value: number): string => scaled(value, byteUnits, 3)

/** e.g. `41 MB/s` */
export const rate = (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`

/** A number of weights or downloads: e.g. `494M`, `7.6B`. */
export const count = (value: number): string => scaled(value, ['', 'k', 'M', 'B', 'T'], 2).replace(' ', '')

/** Bytes of several files. */
export const totalSize = (files: Iterable<{ size: number }>): number => {
  let sum = 0
  for (const { size } of files) sum += size
  return sum
}

/** How long something takes: e.g. `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `2 d 7 h`. */
export const duration = (seconds: number): string => {
  if (seconds < 1) return `${Math.max(0, seconds).toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 120) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

/** How far something is: e.g. `12 s of about 30 s`; `12 s` if nobody knows how long it takes. */
export const elapsed = (seconds: number, expected: number | null): string =>
  `${duration(seconds)}${expected === null ? '' : ` of about ${duration(expected)}`}`

/** How long ago something was, for places that always show it: e.g. `100 s`, `3 min`, `5 h`, `2 d`. */
export const age = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 120) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h`
  return `${Math.floor(whole / 86_400)} d`
}

/** e.g. `35 ms`, `1.24 s`; `-` if it never happened. */
export const milliseconds = (value: number | null): string => {
  if (value === null) return '-'
  return value < 1000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1000).toFixed(2)} s`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** Local time of day of an RFC 3339 time, e.g. `10:44:03`; the text itself if it is not a time. */
export const timeOfDay = (time: string): string => {
  const at = new Date(time)
  return Number.isNaN(at.getTime()) ? time : `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}
