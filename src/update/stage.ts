/** Puts a version beside the installed one. Either it is complete under its name, or it does not exist. */
import { chmod, mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReleaseArtifact } from '../contract/release.ts'
import { bytes } from '../lib/figures.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { syncFolder } from '../system/files/atomic-file.ts'
import { versionDir, versionProgram } from '../system/files/release-folder.ts'
import { discardVersion, partialDir, removeFolder } from './folders.ts'
import type { Host } from './host.ts'
import { checkProgram } from './program.ts'
import { receive } from './release/receive.ts'

const executable = 0o755

const wrongSize = (version: string, size: number, why: string): Hal0Error =>
  new Hal0Error(
    'update.size_mismatch',
    `The executable of hal0 ${version} ${why} the ${size} bytes of its manifest. Nothing was changed; try again later.`,
    { details: { version, size } },
  )

/**
 * Downloads an executable into a new file, durably. Stops as soon as it exceeds the expected size.
 * @throws Hal0Error `update.network`, `update.size_mismatch`, `update.checksum_mismatch`; whatever writing throws
 */
const download = async (host: Host, url: string, path: string, version: string, artifact: ReleaseArtifact) => {
  const { size, sha256 } = artifact
  const hash = new Bun.CryptoHasher('sha256')
  let received = 0
  const file = await open(path, 'wx', executable)
  try {
    for await (const chunk of receive(host.fetch, url, host.downloadLimits)) {
      received += chunk.length
      if (received > size) throw wrongSize(version, size, 'has more than')
      hash.update(chunk)
      await file.writeFile(chunk)
      host.progress(received, size)
    }
    if (received < size) throw wrongSize(version, size, `ended after ${received} of`)
    const digest = hash.digest('hex')
    if (digest !== sha256) {
      throw new Hal0Error(
        'update.checksum_mismatch',
        `The executable of hal0 ${version} is not the one of its manifest: its SHA-256 differs. Nothing was changed; try again later.`,
        { details: { version, expected: sha256, actual: digest } },
      )
    }
    // The caller's umask must not make it unreadable for the users that run hal0.
    await file.chmod(executable)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Whether the version already exists, byte for byte: it was kept, or the last update was interrupted after this step. */
const isHere = async (path: string, { size, sha256 }: ReleaseArtifact): Promise<boolean> => {
  const file = Bun.file(path)
  // A file that does not exist has size 0.
  if (file.size !== size) return false
  const hash = new Bun.CryptoHasher('sha256')
  for await (const chunk of file.stream()) hash.update(chunk)
  return hash.digest('hex') === sha256
}

/**
 * Creates `<version>/` from a verified manifest. It must not be the version that `current` leads to.
 * @param url of the executable
 * @throws Hal0Error `update.network`, `update.size_mismatch`, `update.checksum_mismatch`, `update.broken`; errors of the file system;
 * the reason of an aborted signal
 */
export const stage = async (host: Host, version: string, url: string, artifact: ReleaseArtifact): Promise<void> => {
  const { paths } = host
  const partial = partialDir(paths, version)
  try {
    if (await isHere(versionProgram(paths, version), artifact)) {
      await checkProgram(versionProgram(paths, version), version)
      return
    }
    await discardVersion(paths, version)
    host.say(`Downloading hal0 ${version} (${bytes(artifact.size)}).`)
    await mkdir(partial)
    await chmod(partial, executable)
    await download(host, url, join(partial, 'hal0'), version, artifact)
    await checkProgram(join(partial, 'hal0'), version)
    await syncFolder(partial)
    await rename(partial, versionDir(paths, version))
    await syncFolder(paths.lib)
  } catch (error) {
    await removeFolder(partial)
    throw error
  }
}
