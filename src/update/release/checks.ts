/** Whether a release with a valid signature may replace the installed version. Pure. */
import type { ReleaseArtifact, ReleaseManifest, ReleaseTarget } from '../../contract/release.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'

export interface Situation {
  /** The installed version. */
  current: string
  /** Milliseconds since the Unix epoch. */
  now: number
  /** The version that was requested by name, which may be older; null: the newest. */
  wanted: string | null
}

/** @throws Hal0Error `update.expired`; `update.invalid_manifest` when it is not the version that was requested */
export const checkFresh = (manifest: ReleaseManifest, { now, wanted }: Omit<Situation, 'current'>): void => {
  const expires = Date.parse(manifest.expires_at)
  // Written this way round for dates that do not exist (month 13): they are NaN, and compare as expired.
  if (!(now < expires)) {
    throw new Hal0Error(
      'update.expired',
      `The release manifest of hal0 ${manifest.version} expired at ${manifest.expires_at}. Check this machine's clock; if it is right, the address serves an outdated release.`,
      { details: { version: manifest.version, expires_at: manifest.expires_at } },
    )
  }
  if (wanted !== null && manifest.version !== wanted) {
    throw new Hal0Error(
      'update.invalid_manifest',
      `The address of hal0 ${wanted} serves the manifest of hal0 ${manifest.version}.`,
      { details: { wanted, version: manifest.version } },
    )
  }
}

/** @returns whether the release would change the installed version. @throws Hal0Error `update.older`, `update.too_far` */
export const checkStep = (manifest: ReleaseManifest, { current, wanted }: Omit<Situation, 'now'>): boolean => {
  const { version, min_version } = manifest
  const details = { current, version, min_version }
  const order = Bun.semver.order(version, current)
  if (order === 0) return false
  if (order < 0 && wanted === null) {
    throw new Hal0Error(
      'update.older',
      `The newest release, hal0 ${version}, is older than the installed hal0 ${current}. To go back all the same: hal0 update --to ${version}`,
      { details },
    )
  }
  if (Bun.semver.order(current, min_version) < 0) {
    throw new Hal0Error(
      'update.too_far',
      `hal0 ${current} cannot become hal0 ${version} in one step. First run: hal0 update --to ${min_version}`,
      { details },
    )
  }
  return true
}

/** The executable for a target. @throws Hal0Error `update.no_artifact` */
export const chooseArtifact = (manifest: ReleaseManifest, target: ReleaseTarget | null): ReleaseArtifact => {
  const artifact = target === null ? undefined : manifest.targets[target]
  if (artifact !== undefined) return artifact
  const there = Object.keys(manifest.targets)
  throw new Hal0Error(
    'update.no_artifact',
    `hal0 ${manifest.version} was not released for this machine (${target ?? 'of a kind that hal0 does not know'}); there is: ${there.join(', ') || 'nothing'}.`,
    { details: { version: manifest.version, target, targets: there } },
  )
}
