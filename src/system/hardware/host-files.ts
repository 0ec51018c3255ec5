/** The files in which Linux describes a machine: /sys, /proc and /dev. A part that is missing or broken is a fact, not an error. */
import { access, readdir, readFile, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'

export interface HostFiles {
  /** The text of a file without the space around it; null: it is not there, or cannot be read. */
  text(path: string): Promise<string | null>
  /** Names in a folder, sorted; none if it is not there. */
  names(folder: string): Promise<string[]>
  /** Name of what a link leads to, e.g. the driver of `device/driver`. */
  linkName(path: string): Promise<string | null>
  exists(path: string): Promise<boolean>
}

/** A driver may refuse to be read or answer with any error; the device counts as one that does not say. */
const unread = (): null => null

/** @param root the folder that has the tree; another one than `/` for the trees of other machines */
export const hostFiles = (root = '/'): HostFiles => ({
  // Texts of the firmware end with a NUL.
  text: async (path) =>
    (await readFile(join(root, path), 'latin1').catch(unread))?.replaceAll('\0', ' ').trim() ?? null,
  names: async (folder) => (await readdir(join(root, folder)).catch(unread))?.sort() ?? [],
  linkName: async (path) => {
    const target = await readlink(join(root, path)).catch(unread)
    return target === null ? null : basename(target)
  },
  exists: (path) =>
    access(join(root, path)).then(
      () => true,
      () => false,
    ),
})

/** A whole number in a file, decimal or as `0x…`; null: the file does not say. */
export const numberIn = (text: string | null): number | null =>
  text !== null && /^(?:\d+|0x[0-9a-f]+)$/i.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null
