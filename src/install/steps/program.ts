/** The executable in its version folder, `current`, and the command that people type. */
import { randomBytes } from 'node:crypto'
import { chmod, copyFile, lstat, open, readlink, realpath, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { makeFolder, sweepTemps, syncFolder } from '../../system/files/atomic-file.ts'
import { currentLink, currentVersion, flipCurrent, versionProgram } from '../../system/files/release-folder.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import type { Paths } from '../../system/paths.ts'
import type { Layout } from '../layout.ts'
import type { Step } from '../step.ts'

const programName = 'hal0'
const mode = 0o755

export const currentProgram = (paths: Paths): string => join(currentLink(paths), programName)

const digest = async (path: string): Promise<string> => {
  const hash = new Bun.CryptoHasher('sha256')
  for await (const chunk of Bun.file(path).stream()) hash.update(chunk)
  return hash.digest('hex')
}

/** Whether `path` is `source` itself, or has the same content and may be executed by all. */
const isCopy = async (path: string, source: string): Promise<boolean> => {
  const found = await lstat(path)
  if (!found.isFile() || (found.mode & 0o7777) !== mode) return false
  if ((await realpath(source)) === (await realpath(path))) return true
  return found.size === Bun.file(source).size && (await digest(path)) === (await digest(source))
}

/** Puts a copy of `source` at `path` by a rename: processes that run the old file keep it. */
const copyProgram = async (source: string, path: string): Promise<void> => {
  const folder = dirname(path)
  const temp = join(folder, `.${programName}.${randomBytes(8).toString('hex')}.tmp`)
  try {
    await makeFolder(folder)
    await sweepTemps(folder)
    try {
      await copyFile(source, temp)
      await chmod(temp, mode)
      const file = await open(temp, 'r+')
      await file.sync().finally(() => file.close())
      await rename(temp, path)
    } finally {
      await rm(temp, { force: true })
    }
    await syncFolder(folder)
  } catch (error) {
    throw storageError(error, path, 'install the executable')
  }
}

/** @param source the executable to install: the running one */
export const programStep = ({ paths }: Layout, version: string, source: string): Step => {
  const path = versionProgram(paths, version)
  return {
    id: 'program',
    async changes() {
      try {
        return (await isCopy(path, source)) ? [] : [`replace ${path} by this executable`]
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return [`copy this executable to ${path}`]
        throw storageError(error, path, 'look at the installed executable')
      }
    },
    apply: () => copyProgram(source, path),
  }
}

export const currentStep = ({ paths }: Layout, version: string): Step => ({
  id: 'current',
  async changes() {
    const now = await currentVersion(paths)
    if (now === version) return []
    return [`point ${currentLink(paths)} to ${version}${now === null ? '' : ` instead of ${now}`}`]
  },
  async apply() {
    try {
      await flipCurrent(paths, version)
    } catch (error) {
      throw storageError(error, currentLink(paths), `make ${version} the current version`)
    }
  },
})

/** The target of the link at `path`; null when nothing is there. @throws Hal0Error `install.refused` when it is not a link */
const targetOf = async (path: string): Promise<string | null> => {
  try {
    return await readlink(path)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return null
    if (errno !== 'EINVAL') throw storageError(error, path, 'look at the command')
    throw new Hal0Error(
      'install.refused',
      `${path} is a file that hal0 setup did not make, where a link has to be. Move it away, then run it from its new place.`,
      { details: { path } },
    )
  }
}

/** Whether `path` is the link that setup makes. */
export const isOurCommand = async ({ paths, command }: Layout): Promise<boolean> => {
  try {
    return (await readlink(command)) === currentProgram(paths)
  } catch {
    // It does not exist, or is not a link: either way it is not ours.
    return false
  }
}

export const commandStep = ({ paths, command }: Layout): Step => ({
  id: 'command',
  async changes() {
    const target = await targetOf(command)
    if (target === currentProgram(paths)) return []
    return target === null ? [`link ${command}`] : [`point ${command} to hal0 instead of ${target}`]
  },
  async apply() {
    const fresh = join(dirname(command), `.${programName}.${randomBytes(8).toString('hex')}.tmp`)
    try {
      await makeFolder(dirname(command))
      await symlink(currentProgram(paths), fresh)
      await rename(fresh, command)
      await syncFolder(dirname(command))
    } catch (error) {
      throw storageError(error, command, 'link the command')
    }
  },
})
