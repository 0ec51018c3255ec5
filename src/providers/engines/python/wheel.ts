/** Choosing a wheel: file names, versions and tags (PyPA's binary distribution and version specifications, as far as needed). */
import type { IndexFile } from '../../../system/package-index/index-page.ts'
import type { Python } from './python.ts'

interface WheelName {
  version: string
  /** Compressed tag sets, split: `cp310`, `abi3`, `manylinux2014_x86_64` ... */
  pythons: string[]
  abis: string[]
  platforms: string[]
}

/** `name-version(-build)?-python-abi-platform.whl`; null for anything else, source archives included. */
export const parseWheelName = (file: string): WheelName | null => {
  if (!file.endsWith('.whl')) return null
  const parts = file.slice(0, -'.whl'.length).split('-')
  if (parts.length !== 5 && parts.length !== 6) return null
  const [pythons, abis, platforms] = parts.slice(-3).map((set) => set.split('.'))
  const version = parts[1]
  if (version === undefined || pythons === undefined || abis === undefined || platforms === undefined) return null
  return { version, pythons, abis, platforms }
}

/** The numbers of a final or post release; null for pre-releases, development and local versions. */
const releaseOf = (version: string): number[] | null => {
  const match = /^v?(\d+(?:\.\d+)*)(?:\.post(\d+))?$/.exec(version)
  if (match?.[1] === undefined) return null
  const numbers = match[1].split('.').map(Number)
  while (numbers.at(-1) === 0) numbers.pop()
  return match[2] === undefined ? numbers : [...numbers, 0, Number(match[2]) + 1]
}

const compareNumbers = (a: number[], b: number[]): number => {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Old names of manylinux platforms, with the glibc versions that they stand for. */
const legacyManylinux: Record<string, string> = { '1': '2_5', '2010': '2_12', '2014': '2_17' }

const platformFits = (platform: string, python: Python): boolean => {
  if (platform === 'any') return true
  const match = /^(manylinux|musllinux)_?(\d+(?:_\d+)?)_(.+)$/.exec(platform)
  if (match === null) return false
  const [, family, stated = '', machine] = match
  const [major = 0, minor = 0] = (legacyManylinux[stated] ?? stated).split('_').map(Number)
  const libc = family === 'manylinux' ? 'glibc' : 'musl'
  return (
    machine === python.machine && libc === python.libc.name && compareNumbers(python.libc.version, [major, minor]) >= 0
  )
}

const interpreterFits = (tag: string, abis: string[], python: Python): boolean => {
  const [major, minor] = python.version
  if (tag === 'py3') return abis.includes('none')
  const match = /^cp(\d)(\d+)$/.exec(tag)
  if (match === null || Number(match[1]) !== major) return false
  const built = Number(match[2])
  if (abis.includes('abi3')) return !python.freeThreaded && built <= minor
  return built === minor && abis.includes(`cp${major}${minor}${python.freeThreaded ? 't' : ''}`)
}

const specifiers: Record<string, (difference: number) => boolean> = {
  '>=': (d) => d >= 0,
  '>': (d) => d > 0,
  '<=': (d) => d <= 0,
  '<': (d) => d < 0,
  '==': (d) => d === 0,
  '!=': (d) => d !== 0,
}

/** Requires-Python; a specifier of another form excludes nothing, since the tags decide in the end. */
const requirementHolds = (requires: string | null, python: Python): boolean =>
  (requires ?? '').split(',').every((part) => {
    const match = /^\s*(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)*)\s*$/.exec(part)
    const holds = specifiers[match?.[1] ?? '']
    return (
      match?.[2] === undefined ||
      holds === undefined ||
      holds(compareNumbers(python.version, match[2].split('.').map(Number)))
    )
  })

export interface Wheel {
  version: string
  file: IndexFile
}

/**
 * The wheel to install: of the newest version that has one for this Python, or of the requested version. Yanked files and
 * pre-releases count only when their version is requested by name.
 */
export const pickWheel = (files: IndexFile[], python: Python, asked: string | null): Wheel | null => {
  let best: { wheel: Wheel; release: number[] } | null = null
  for (const file of files) {
    const name = parseWheelName(file.name)
    if (name === null || !requirementHolds(file.requiresPython, python)) continue
    if (!name.pythons.some((tag) => interpreterFits(tag, name.abis, python))) continue
    if (!name.platforms.some((platform) => platformFits(platform, python))) continue
    const wheel = { version: name.version, file }
    if (asked !== null) {
      if (name.version === asked) return wheel
      continue
    }
    const release = releaseOf(name.version)
    if (release === null || file.yanked) continue
    if (best === null || compareNumbers(release, best.release) > 0) best = { wheel, release }
  }
  return best?.wheel ?? null
}
