/** The slots' TOML files, which configure them. Comments and unknown keys survive every edit (spec §7). */
import { statSync } from 'node:fs'
import { lstat, readdir, rename, stat } from 'node:fs/promises'
import { isSlotName } from '../../contract/slot.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { isTable } from '../../lib/validate.ts'
import { makeFolder, removeFile, syncFolder, tempBeside } from '../../system/files/atomic-file.ts'
import { FolderWatch } from '../../system/files/folder-watch.ts'
import { setAside } from '../../system/files/own-file.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { editToml, readToml, type TomlTable } from '../../system/files/toml-file.ts'
import { type Paths, slotConfigDir, slotConfigFile } from '../../system/paths.ts'
import type { ConfigPatch, Sections, StoredConfig } from '../config/sections.ts'
import { moveIntoTable } from './move-into-table.ts'

export class SlotConfigStore {
  readonly #paths: Paths
  readonly #sections: Sections

  constructor(paths: Paths, sections: Sections) {
    this.#paths = paths
    this.#sections = sections
  }

  get folder(): string {
    return slotConfigDir(this.#paths)
  }

  /** Calls `onChange` when something changes in the folder. */
  watch(onChange: () => void): Pick<FolderWatch, 'renew' | 'close' | 'everyMs'> {
    return new FolderWatch(this.folder, onChange)
  }

  /** Names of the slots that have a file, ordered; files whose name is not a slot name are not slots. null: there is no folder. */
  async names(): Promise<string[] | null> {
    try {
      const files = await readdir(this.folder)
      return files
        .filter((file) => file.endsWith('.toml'))
        .map((file) => file.slice(0, -'.toml'.length))
        .filter((name) => isSlotName(name))
        .sort()
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null
      throw storageError(error, this.folder, 'read the folder of the slots')
    }
  }

  /** A stamp that changes when a file is added or removed; null when there is no folder. */
  folderStamp(): string | null {
    try {
      const { dev, ino, mtimeNs } = statSync(this.folder, { bigint: true })
      return [dev, ino, mtimeNs].join(' ')
    } catch {
      // Whoever reads the folder gets the reason.
      return null
    }
  }

  /** A stamp that changes whenever the file may have changed; null when the file cannot be looked at. */
  async stamp(name: string): Promise<string | null> {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(slotConfigFile(this.#paths, name), { bigint: true })
      return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
    } catch {
      // Whoever reads the file gets the reason.
      return null
    }
  }

  /** @returns null when there is no file @throws Hal0Error `config.invalid`, `storage.failed` */
  async read(name: string): Promise<StoredConfig | null> {
    const path = slotConfigFile(this.#paths, name)
    const table = await readToml(path)
    if (table === null) return null
    const read = this.#sections.read(name, table)
    if (!Array.isArray(read)) return read
    const [first = { field: '', reason: 'does not have the expected shape' }] = read
    throw new Hal0Error(
      'config.invalid',
      `${path} is not valid: ${first.field} ${first.reason}. Correct it, then load the slot again.`,
      { param: first.field, details: { path, problems: read } },
    )
  }

  /**
   * Sets the keys of `changes`; null removes a key, so that its default applies again. Keys of the provider's section that are at the
   * top, as they were before there were sections, are moved into the section, each with its comments.
   */
  async write(name: string, changes: ConfigPatch & { common: { name?: string } }): Promise<void> {
    const folder = slotConfigDir(this.#paths)
    const doing = `save the configuration of slot ${name}`
    try {
      await makeFolder(folder)
    } catch (error) {
      throw storageError(error, folder, doing)
    }
    const sections = this.#sections
    const withSection = (text: string, table: TomlTable): string => {
      const section = sections.sectionIn(table)
      if (section?.isFlat !== true) return text
      const own = table[section.key]
      const inside = isTable(own) ? own : {}
      // A key that stands in both places stays in both, unless it is what is changed: either may be meant.
      const keys = Object.keys(section.fields).filter((key) => !Object.hasOwn(inside, key))
      return moveIntoTable(text, keys, section.key)
    }
    await editToml(slotConfigFile(this.#paths, name), (table) => sections.edit(table, changes), doing, withSection)
  }

  /** Removes the file of a deleted slot. @throws Hal0Error `storage.failed`; then the file is unchanged */
  async remove(name: string): Promise<void> {
    const path = slotConfigFile(this.#paths, name)
    const aside = tempBeside(path)
    const doing = `delete the configuration of slot ${name}`
    try {
      // A folder with that name has somebody's files in it: it is kept under another name.
      if ((await lstat(path)).isDirectory()) {
        await setAside(path)
        return
      }
      await rename(path, aside)
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return
      throw storageError(error, this.folder, doing)
    }
    try {
      await syncFolder(this.folder)
    } catch (error) {
      await rename(aside, path).catch((again: unknown) => log.error(`${path} was moved to ${aside}`, again))
      throw storageError(error, this.folder, doing)
    }
    await removeFile(aside, doing).catch((error: unknown) => log.warn(Hal0Error.from(error).message))
  }
}
