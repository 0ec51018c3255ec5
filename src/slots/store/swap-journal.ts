/**
 * `slots/<name>/swap.json`: a swap that is being accepted. It changes two files, first the slot's TOML, then its record. If the daemon
 * dies in between, the journal is left, and the next daemon does the rest. The swap is decided once the TOML names the new model.
 */
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { ModelId } from '../../contract/slot.ts'
import { log } from '../../lib/log.ts'
import { problemsOf } from '../../lib/validate.ts'
import { writeFileAtomic } from '../../system/files/atomic-file.ts'
import { readOwnText } from '../../system/files/own-file.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { type Paths, slotDir } from '../../system/paths.ts'

const Swap = Type.Object({ to: ModelId })
type Swap = Static<typeof Swap>

export interface SwapJournal {
  /** The interrupted swap; null when there is none, or it cannot be read. */
  read(name: string): Promise<Swap | null>
  /** @throws Hal0Error `storage.full`, `storage.failed` */
  write(name: string, swap: Swap): Promise<void>
  /** @throws Hal0Error `storage.failed` */
  remove(name: string): Promise<void>
}

export const swapJournalOnDisk = (paths: Paths): SwapJournal => {
  const file = (name: string) => join(slotDir(paths, name), 'swap.json')
  return {
    read: async (name) => {
      try {
        const text = await readOwnText(file(name), `read the swap of slot ${name}`)
        const swap: unknown = JSON.parse(text ?? 'null')
        return problemsOf(Swap, swap).length === 0 ? (swap as Swap) : null
      } catch (error) {
        log.warn(`${file(name)} cannot be read; the swap that it describes is dropped`, error)
        return null
      }
    },
    write: async (name, swap) => {
      await writeFileAtomic(file(name), JSON.stringify(swap), `begin the swap of slot ${name}`)
    },
    remove: async (name) => {
      try {
        await unlink(file(name))
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return
        throw storageError(error, file(name), `end the swap of slot ${name}`)
      }
    },
  }
}
