/** `slots/<name>/state.json`: the durable record of a slot's state. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SlotRecord } from '../../contract/slot.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { problemsOf } from '../../lib/validate.ts'
import { makeFolder, sweepTemps, writeFileAtomic } from '../../system/files/atomic-file.ts'
import { isTransient, setAside } from '../../system/files/own-file.ts'
import { readBytesIfThere } from '../../system/files/read-text.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { type Paths, slotDir, slotsDir } from '../../system/paths.ts'
import { DeletedFolders } from './deleted-folders.ts'

/** Something that cannot be used as it is. */
export interface Damage {
  /** The problem, what was done about it, and what is left to do, in sentences. */
  problem: string
  /** Where the damaged file is now; null if it could not be moved. The problem is over once it no longer exists. */
  aside: string | null
}

export type RecordReading =
  /** `json` is the exact text. */
  | { kind: 'kept'; record: SlotRecord; json: string }
  /** `isNew`: nothing of the slot is there yet. */
  | { kind: 'none'; isNew: boolean }
  /** The slot existed before, but its state is lost. */
  | { kind: 'damaged'; damage: Damage }

export interface RecordStore {
  /** Names of all slots that have a folder, including those whose configuration is gone. */
  names(): Promise<string[]>
  /** Moves aside anything that is not a record of the slot, so that the next record can be written. Never rejects for what it finds. */
  read(name: string): Promise<RecordReading>
  save(name: string, json: string): Promise<void>
  /** See `deleted-folders.ts`. */
  readonly deleted: Pick<DeletedFolders, 'take' | 'sweep'>
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const knownFields = Object.keys(SlotRecord.properties)

/** The record in `bytes`, without what a newer hal0 may have added to it; or, as the end of a sentence, why there is none. */
export const recordIn = (bytes: Uint8Array, name: string): { record: SlotRecord; json: string } | string => {
  if (bytes.length === 0) return 'it is empty'
  let json: string
  let value: unknown
  try {
    json = utf8.decode(bytes)
    value = JSON.parse(json)
  } catch {
    // Whatever the parser's reason is: cut off, garbage, or nested too deeply.
    return 'it is not JSON'
  }
  const whole = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  // Older records have no intent.
  const record: Record<string, unknown> = {
    intent: null,
    ...Object.fromEntries(Object.entries(whole).filter(([key]) => knownFields.includes(key))),
  }
  const problem = problemsOf(SlotRecord, record)[0]
  if (problem !== undefined) return `it is not a record of a slot (${problem.field} ${problem.reason})`
  // A folder that was copied or renamed contains the record of another slot.
  return record.name === name
    ? { record: record as SlotRecord, json }
    : `it is the record of slot ${String(record.name)}`
}

export const recordStoreOnDisk = (paths: Paths): RecordStore => {
  const file = (name: string) => join(slotDir(paths, name), 'state.json')

  const damaged = async (name: string, why: string): Promise<RecordReading> => {
    const path = file(name)
    try {
      const aside = await setAside(path)
      const problem = `The record of slot ${name} was damaged: ${why}. It was moved to ${aside}, and the slot continues with what runs. Delete that file when you no longer need it.`
      return { kind: 'damaged', damage: { problem, aside } }
    } catch (error) {
      const { message } = Hal0Error.from(error)
      const problem = `The record of slot ${name}, ${path}, is damaged: ${why}. ${message} Move it away, then restart hal0.`
      return { kind: 'damaged', damage: { problem, aside: null } }
    }
  }

  return {
    names: async () => {
      const folder = slotsDir(paths)
      try {
        const entries = await readdir(folder, { withFileTypes: true })
        return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return []
        throw storageError(error, folder, 'look for slots')
      }
    },
    read: async (name) => {
      const folder = slotDir(paths, name)
      const doing = `read the record of slot ${name}`
      try {
        await makeFolder(folder)
        await sweepTemps(folder)
      } catch (error) {
        const { message } = storageError(error, folder, doing)
        return {
          kind: 'damaged',
          damage: { problem: `${message} Nothing of slot ${name} can be kept until then.`, aside: null },
        }
      }
      try {
        const bytes = await readBytesIfThere(file(name), doing, { links: 'refuse' })
        if (bytes === null) return { kind: 'none', isNew: (await readdir(folder)).length === 0 }
        const found = recordIn(bytes, name)
        return typeof found === 'string' ? await damaged(name, found) : { kind: 'kept', ...found }
      } catch (error) {
        const { found, errno } = storageError(error, file(name), doing).details
        if (isTransient(error)) throw error
        return damaged(name, found === undefined ? `reading it ended in ${String(errno)}` : `it is ${String(found)}`)
      }
    },
    save: async (name, json) => {
      const path = file(name)
      const write = () => writeFileAtomic(path, json, `write the state of slot ${name}`)
      try {
        await write()
      } catch (error) {
        // A folder in its place would prevent every later write.
        if (storageError(error, path, '').details.errno !== 'EISDIR') throw error
        await setAside(path)
        await write()
      }
    },
    deleted: new DeletedFolders(slotsDir(paths)),
  }
}
