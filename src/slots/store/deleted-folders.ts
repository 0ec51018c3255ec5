/**
 * Folders of slots that are being deleted. A folder is taken away by one rename, and put back by one if the slot stays after all. Its
 * content is removed afterwards, which may take more than one attempt. The configuration file decides whether a slot is deleted:
 * if a daemon dies in between, the folder is still here, and the next daemon puts it back if the file exists.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, realpath, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { syncFolder } from '../../system/files/atomic-file.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { mountPointsIn } from '../../system/proc/mount-points.ts'

/** No slot can have such a name. */
const pattern = /^\.deleted-(.+)-[0-9a-f]{16}$/

/** Refuses a folder in which something is mounted: that does not belong to the slot. @throws Hal0Error `storage.failed` */
const refuseMounted = async (folder: string, doing: string): Promise<void> => {
  const [point] = await mountPointsIn(await realpath(folder))
  if (point === undefined) return
  throw new Hal0Error(
    'storage.failed',
    `Could not ${doing}: something is mounted at ${point}. Unmount it first: umount '${point}'`,
    { details: { path: point, errno: 'EBUSY' } },
  )
}

export class DeletedFolders {
  readonly #slots: string

  /** @param slots the folder of the slots' folders */
  constructor(slots: string) {
    this.#slots = slots
  }

  /**
   * Takes the folder of the slot `name` away. Nothing of the slot may be running.
   * @returns a function that puts it back
   * @throws Hal0Error `storage.failed`; then the folder is still in its place
   */
  async take(name: string): Promise<() => Promise<void>> {
    const folder = join(this.#slots, name)
    const aside = join(this.#slots, `.deleted-${name}-${randomBytes(8).toString('hex')}`)
    const doing = `delete the data of slot ${name}`
    try {
      await refuseMounted(folder, doing)
      await rename(folder, aside)
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return async () => {}
      throw storageError(error, this.#slots, doing)
    }
    return async () => {
      await rename(aside, folder)
    }
  }

  /**
   * Removes what was taken away, or puts it back if the slot stayed. Never rejects.
   * @param stays whether there is a slot with this name
   * @returns sentences about what could not be removed
   */
  async sweep(stays: (name: string) => boolean): Promise<string[]> {
    const problems: string[] = []
    for (const left of await this.#left()) {
      const name = pattern.exec(left)?.[1] ?? ''
      const problem = await this.#settle(name, join(this.#slots, left), stays(name))
      if (problem !== null) problems.push(problem)
    }
    return problems
  }

  async #left(): Promise<string[]> {
    try {
      const names = await readdir(this.#slots)
      return names.filter((name) => pattern.test(name)).sort()
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') log.warn(`${this.#slots} cannot be read`, error)
      return []
    }
  }

  async #settle(name: string, path: string, stays: boolean): Promise<string | null> {
    const folder = join(this.#slots, name)
    const doing = `remove what is left of the deleted slot ${name}`
    try {
      if (stays && !existsSync(folder)) {
        await rename(path, folder)
        await syncFolder(this.#slots)
        return null
      }
      await refuseMounted(path, doing)
      await rm(path, { recursive: true, force: true })
      return null
    } catch (error) {
      const { message } = storageError(error, path, doing)
      log.warn(message)
      return `${message} Remove it by hand, or fix that: hal0 tries again when it starts, and when a slot is made or deleted.`
    }
  }
}
