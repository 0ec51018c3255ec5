/** The files beside the executables of a release: SHA256SUMS and the manifest. */
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ReleaseManifest, type ReleaseTarget, releaseTargets } from '../../src/contract/release.ts'
import { parse } from '../../src/lib/validate.ts'

export interface Release {
  version: string
  /** The oldest version that may update to this one directly. */
  minVersion: string
  /** Where the executables will be; null: beside the manifest. */
  urlBase: string | null
  releasedAt: Date
  /** Number of days for which the manifest is valid. */
  expiresDays: number
}

/** File name of an executable; install.sh finds it in SHA256SUMS by its suffix. */
export const artifactName = (version: string, target: ReleaseTarget): string => `hal0-${version}-${target}`

const sha256Of = async (path: string): Promise<string> => {
  const hash = new Bun.CryptoHasher('sha256')
  for await (const chunk of Bun.file(path).stream()) hash.update(chunk)
  return hash.digest('hex')
}

const instant = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`

/**
 * Writes SHA256SUMS and manifest.json, and a copy of it as manifest-<version>.json. `hal0 update --to` uses the copy once
 * manifest.json is for a later version.
 * @param folder that the executables of all targets are in
 * @returns what has to be signed, by file name
 */
export const writeReleaseFiles = async (folder: string, release: Release): Promise<string[]> => {
  const { version, minVersion, urlBase, releasedAt, expiresDays } = release
  const entries = await Promise.all(
    releaseTargets.map(async (target) => {
      const name = artifactName(version, target)
      const path = join(folder, name)
      const url = urlBase === null ? name : `${urlBase.replace(/\/+$/, '')}/${name}`
      return { target, name, artifact: { url, size: Bun.file(path).size, sha256: await sha256Of(path) } }
    }),
  )
  const manifest = parse(
    ReleaseManifest,
    {
      version,
      released_at: instant(releasedAt),
      expires_at: instant(new Date(releasedAt.getTime() + expiresDays * 86_400_000)),
      min_version: minVersion,
      targets: Object.fromEntries(entries.map(({ target, artifact }) => [target, artifact])),
    },
    'The manifest',
  )
  const sums = entries.map(({ name, artifact }) => `${artifact.sha256}  ${name}\n`)
  await writeFile(join(folder, 'SHA256SUMS'), sums.join(''))
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const named = `manifest-${version}.json`
  await copyFile(join(folder, 'manifest.json'), join(folder, named))
  return ['manifest.json', named, 'SHA256SUMS']
}

/**
 * Writes a release's own install.sh, which knows where the releases are.
 * @param source the repository's install.sh
 * @param url of the folder with the releases; '': not known, and install.sh says so
 */
export const writeInstaller = async (source: string, folder: string, url: string): Promise<void> => {
  const path = join(folder, 'install.sh')
  await writeFile(path, (await readFile(source, 'utf8')).replace(/^default_releases=$/m, `default_releases='${url}'`))
  await chmod(path, 0o755)
}
