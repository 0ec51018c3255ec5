/** `slots/<name>/state.json`: the one durable word on how a slot stands. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SlotRecord } from '../contract/slot.ts'
import { log } from '../lib/log.ts'
import { type Problem, problemsOf } from '../lib/validate.ts'
import { makeFolder, sweepTemps, writeFileAtomic } from '../system/atomic-file.ts'
import { type Paths, slotDir } from '../system/paths.ts'
import { errnoOf, storageError } from '../system/storage-error.ts'

export interface RecordStore {
  /** Names of all slots that have a folder, also of those whose configuration is gone. */
  names(): Promise<string[]>
  /** The record and its exact text; null when there is none, or none that can be read as one. */
  read(name: string): Promise<{ record: SlotRecord; json: string } | null>
  save(name: string, json: string): Promise<void>
  /** Removes everything of a deleted slot. */
  remove(name: string): Promise<void>
}

/** A folder that was copied or renamed brings the record of another slot. */
const problemOfName = (record: SlotRecord, name: string): Problem | null =>
  record.name === name ? null : { field: 'name', reason: `must be "${name}", as the folder is called` }

export const recordStoreOnDisk = (paths: Paths): RecordStore => {
  const file = (name: string) => join(slotDir(paths, name), 'state.json')
  return {
    names: async () => {
      const folder = join(paths.data, 'slots')
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
      try {
        await makeFolder(folder)
        await sweepTemps(folder)
        const json = await readFile(file(name), 'utf8')
        const record: unknown = JSON.parse(json)
        const problem = problemsOf(SlotRecord, record)[0] ?? problemOfName(record as SlotRecord, name)
        if (problem === null) return { record: record as SlotRecord, json }
        log.warn(
          `${file(name)} is not a slot record (${problem.field} ${problem.reason}); the slot starts anew as offline`,
        )
        return null
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return null
        if (error instanceof SyntaxError) {
          log.warn(`${file(name)} is not JSON; the slot starts anew as offline`)
          return null
        }
        throw storageError(error, file(name), `read the state of slot ${name}`)
      }
    },
    save: (name, json) => writeFileAtomic(file(name), json, `write the state of slot ${name}`),
    remove: async (name) => {
      const folder = slotDir(paths, name)
      try {
        await rm(folder, { recursive: true, force: true })
      } catch (error) {
        throw storageError(error, folder, `delete the data of slot ${name}`)
      }
    },
  }
}
