/**
 * `hal0 update`: manifest → checks → stage → activate → prune. Wherever it is interrupted, `current` leads to a complete version:
 * the old one before the flip, the new one after it. The next update finishes or removes what was left half done.
 */
import type { ReleaseManifest, ReleaseTarget } from '../contract/release.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { versionProgram } from '../system/files/release-folder.ts'
import { errnoOf, storageError } from '../system/files/storage-error.ts'
import { activate, finishInterrupted } from './activate.ts'
import { keepOnly, sweepLeftovers } from './folders.ts'
import type { Host } from './host.ts'
import { installedVersion } from './installation.ts'
import { checkProgram } from './program.ts'
import { previousVersion } from './record.ts'
import { checkFresh, checkStep, chooseArtifact } from './release/checks.ts'
import { artifactUrl, fetchManifest, manifestUrl } from './release/manifest.ts'
import type { PublicKey } from './release/minisign.ts'
import { stage } from './stage.ts'
import { lockUpdates } from './update-lock.ts'

export interface ReleaseSource {
  /** Address of the newest manifest. */
  url: string
  keys: readonly PublicKey[]
  target: ReleaseTarget | null
}

export interface Check {
  /** The installed version. */
  current: string
  /** What the manifest offers. */
  available: string
  newer: boolean
  released_at: string
  min_version: string
}

export interface Outcome {
  from: string
  to: string
  /** false: it was already installed, or the user said no. */
  changed: boolean
}

/** Asks the user. @returns whether to continue */
export type Confirm = (question: string) => Promise<boolean>

const getManifest = async (host: Host, source: ReleaseSource, wanted: string | null): Promise<ReleaseManifest> => {
  const manifest = await fetchManifest(host.fetch, manifestUrl(source.url, wanted), source.keys, host.manifestLimits)
  checkFresh(manifest, { now: host.now(), wanted })
  return manifest
}

/**
 * Looks for a newer version. Changes nothing and needs no rights.
 * @param wanted a version by name; null: the newest
 * @throws Hal0Error `update.*`
 */
export const check = async (host: Host, source: ReleaseSource, wanted: string | null): Promise<Check> => {
  const current = await installedVersion(host.paths)
  const { version, released_at, min_version } = await getManifest(host, source, wanted)
  return { current, available: version, newer: Bun.semver.order(version, current) > 0, released_at, min_version }
}

/** Finishes and cleans up an interrupted update. The lock must be held. @returns the installed version */
const prepare = async (host: Host): Promise<string> => {
  await finishInterrupted(host, await installedVersion(host.paths))
  await sweepLeftovers(host.paths)
  return installedVersion(host.paths)
}

/** Removes all versions but the current one and the one to go back to. A failure here does not undo the update. */
const tidy = async (host: Host): Promise<void> => {
  try {
    const current = await installedVersion(host.paths)
    await keepOnly(host.paths, [current, await previousVersion(host.paths, current)])
  } catch (error) {
    host.say(`Old versions could not be removed: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const change = async (host: Host, from: string, to: string): Promise<Outcome> => {
  try {
    await activate(host, from, to)
  } finally {
    await tidy(host)
  }
  return { from, to, changed: true }
}

/** Runs `work` as the only update of this installation. Errors of the file system become Hal0Errors. */
const exclusively = async (host: Host, work: (from: string) => Promise<Outcome>): Promise<Outcome> => {
  await installedVersion(host.paths)
  try {
    using _lock = lockUpdates(host.paths)
    return await work(await prepare(host))
  } catch (error) {
    throw errnoOf(error) === null ? error : storageError(error, host.paths.lib, 'update hal0')
  }
}

/**
 * Updates to the newest version, or to the one that `wanted` names, which may be older.
 * @throws Hal0Error `update.*`, `storage.*`, `supervisor.failed`; the reason of an aborted signal
 */
export const update = (host: Host, source: ReleaseSource, wanted: string | null, confirm: Confirm): Promise<Outcome> =>
  exclusively(host, async (from) => {
    const manifest = await getManifest(host, source, wanted)
    const { version: to } = manifest
    if (!checkStep(manifest, { current: from, wanted })) {
      // The update that installed it may have been killed before it cleaned up.
      await tidy(host)
      return { from, to, changed: false }
    }
    const artifact = chooseArtifact(manifest, source.target)
    if (!(await confirm(`Replace hal0 ${from} by ${to}?`))) return { from, to, changed: false }
    await stage(host, to, artifactUrl(manifestUrl(source.url, wanted), artifact.url), artifact)
    return change(host, from, to)
  })

/**
 * Goes back to the version that ran before; doing it twice returns to the current one. Needs no network.
 * @throws Hal0Error `update.no_previous`, `update.broken`, and the errors of {@link update}
 */
export const rollback = (host: Host, confirm: Confirm): Promise<Outcome> =>
  exclusively(host, async (from) => {
    const to = await previousVersion(host.paths, from)
    if (to === null) {
      throw new Hal0Error(
        'update.no_previous',
        `hal0 ${from} is the only version on this machine. Get another one by its number: hal0 update --to VERSION`,
      )
    }
    await checkProgram(versionProgram(host.paths, to), to)
    if (!(await confirm(`Replace hal0 ${from} by ${to}?`))) return { from, to, changed: false }
    return change(host, from, to)
  })
