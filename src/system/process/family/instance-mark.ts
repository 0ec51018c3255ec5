/** How a slot's processes are distinguished from all others: by a variable that they inherit from the one that hal0 started. */
import { realpathSync } from 'node:fs'
import { log } from '../../../lib/log.ts'
import { errnoOf } from '../../files/storage-error.ts'

/** The one variable that is added to a backend's environment. */
export const markVariable = 'HAL0_INSTANCE'

/**
 * The mark of a slot: its data folder, which no other slot of any installation on the host has. It is the real path, so that it is
 * the same through whatever link the folder is reached. It is read only once, so that a disk that hangs later does not matter.
 * @returns a function, since the folder exists only after the slot's first start; before that, no process has its mark
 */
export const instanceMark = (slotFolder: string): (() => string) => {
  let known: string | null = null
  return () => {
    try {
      known ??= realpathSync(slotFolder)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') log.warn(`could not resolve ${slotFolder}`, error)
    }
    return known ?? slotFolder
  }
}
