/**
 * When a slot's backends crashed recently. It outlives the daemon, since whatever kills a backend may kill the daemon too (running
 * out of memory): otherwise `restart = "on-failure"` would start counting again each time and never give up.
 */
import { join } from 'node:path'
import { Type } from 'typebox'
import { log } from '../../lib/log.ts'
import { problemsOf } from '../../lib/validate.ts'
import { writeFileAtomic } from '../../system/files/atomic-file.ts'
import { readOwnText } from '../../system/files/own-file.ts'
import { type Paths, slotDir } from '../../system/paths.ts'
import type { CrashTimes } from '../machine/machine.ts'

const Stored = Type.Array(Type.Number({ minimum: 0 }), { maxItems: 64 })

export interface CrashHistory {
  /** An unreadable history counts as no crashes. */
  read(name: string): Promise<CrashTimes>
  write(name: string, at: CrashTimes): Promise<void>
}

export const crashHistoryOnDisk = (paths: Paths): CrashHistory => {
  const file = (name: string) => join(slotDir(paths, name), 'crashes.json')
  return {
    read: async (name) => {
      try {
        const text = await readOwnText(file(name), `read the crashes of slot ${name}`)
        const stored: unknown = JSON.parse(text ?? '[]')
        return problemsOf(Stored, stored).length === 0 ? (stored as CrashTimes) : []
      } catch (error) {
        log.warn(`the earlier crashes of slot ${name} are forgotten`, error)
        return []
      }
    },
    write: async (name, at) => {
      await writeFileAtomic(file(name), JSON.stringify(at), `remember the crash of slot ${name}`)
    },
  }
}
