/** slots/<name>/process.json: what the next daemon needs to recognize a backend. */
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { nullable } from '../../../contract/schema/nullable.ts'
import { log } from '../../../lib/log.ts'
import { problemsOf } from '../../../lib/validate.ts'
import { removeFile, writeFileAtomic } from '../../files/atomic-file.ts'
import { readOwnText } from '../../files/own-file.ts'
import { thisBoot } from '../../proc/boot-id.ts'
import type { Identity } from './members.ts'

const ProcessRecord = Type.Object({
  pid: Type.Integer({ minimum: 1 }),
  /** Field 22 of /proc/<pid>/stat. */
  start_time: Type.Integer({ minimum: 0 }),
  boot_id: nullable(Type.String()),
  /** Start time of process 1, since a restarted container keeps the kernel's boot id. */
  init_start: nullable(Type.Integer()),
  /** Milliseconds since the Unix epoch. */
  started_at: Type.Integer(),
  argv0: Type.String(),
  /** The slot's mark when this was written; the folder may have been copied since. Like the rest, it is missing in older records. */
  mark: Type.Optional(Type.String()),
  /** Folder of its processes' control group; null: there is none, and `members` lists them. */
  group: Type.Optional(nullable(Type.String())),
  members: Type.Optional(
    Type.Array(Type.Object({ pid: Type.Integer({ minimum: 1 }), start_time: Type.Integer({ minimum: 0 }) })),
  ),
})
export type ProcessRecord = Static<typeof ProcessRecord>

/** The fields by which its processes are recognized. */
export type Traces = Required<Pick<ProcessRecord, 'mark' | 'group' | 'members'>>

/** A record of a process of this boot. */
export const recordOf = (
  { pid, startTime }: Identity,
  startedAt: number,
  argv0: string,
  traces: Traces,
): ProcessRecord => ({ pid, start_time: startTime, ...thisBoot(), started_at: startedAt, argv0, ...traces })

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // undefined is not a record either, which is all that the reader needs to know.
    return undefined
  }
}

/**
 * The record file of one slot. Writes and removals happen one after the other, in the order of the calls: a write that hangs on a
 * failing disk must not overwrite a later record when it continues.
 */
export class RecordFile {
  readonly path: string
  readonly #name: string
  #last: Promise<unknown> = Promise.resolve()

  /** @param folder the slot's data folder */
  constructor(folder: string, name: string) {
    this.path = join(folder, 'process.json')
    this.#name = name
  }

  /** @throws Hal0Error `storage.full`, `storage.failed` */
  write(record: ProcessRecord): Promise<void> {
    const text = `${JSON.stringify(record)}\n`
    return this.#next(() => writeFileAtomic(this.path, text, `write the process record of slot ${this.#name}`))
  }

  /** @throws Hal0Error `storage.failed` */
  remove(): Promise<void> {
    return this.#next(() => removeFile(this.path, `remove the process record of slot ${this.#name}`))
  }

  /** @returns null when there is none, or it is torn or not a record: the process can still be found by its mark */
  async read(): Promise<ProcessRecord | null> {
    const text = await readOwnText(this.path, `read the process record of slot ${this.#name}`)
    if (text === null) return null
    const value = parseJson(text)
    if (problemsOf(ProcessRecord, value).length === 0) return value as ProcessRecord
    log.warn(`${this.path} is not a process record; looking for the process itself`)
    return null
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    // The caller gets a failure; the next one in the queue runs regardless.
    this.#last = done.catch(() => null)
    return done
  }
}
