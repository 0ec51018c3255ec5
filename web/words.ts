/** Formats figures for people. */

/** e.g. 100 s, 3 min, 5 h, 2 d */
export const duration = (seconds: number): string => {
  const s = Math.max(0, Math.floor(seconds))
  if (s < 120) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min`
  if (s < 86_400) return `${Math.floor(s / 3600)} h`
  return `${Math.floor(s / 86_400)} d`
}

const scaled = (value: number, step: number, units: readonly string[]): string => {
  let at = 0
  let left = value
  while (left >= step && at < units.length - 1) {
    left /= step
    at++
  }
  return `${left < 10 && at > 0 ? left.toFixed(1) : Math.round(left)} ${units[at] ?? ''}`.trimEnd()
}

/** e.g. 4.7 GB: powers of 1000, as for disks and downloads and on the command line. */
export const bytes = (value: number): string => scaled(value, 1000, ['B', 'kB', 'MB', 'GB', 'TB'])

/** e.g. 7.6 B for 7.6 billion weights */
export const count = (value: number): string => scaled(value, 1000, ['', 'K', 'M', 'B', 'T'])
