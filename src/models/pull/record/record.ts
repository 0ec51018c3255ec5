/**
 * `models/.pull-<id>.json`: a pull that was accepted and has not ended. It is on the disk before the pull is reported as accepted,
 * and is removed when the pull ends, so that the next daemon continues exactly with what is left.
 */
import { type Static, Type } from 'typebox'
import { PullRequest } from '../../../contract/models/pull.ts'
import { nullable } from '../../../contract/schema/nullable.ts'
import { ModelId } from '../../../contract/slot.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { parse, problemsOf } from '../../../lib/validate.ts'
import { readTextIfThere } from '../../../system/files/read-text.ts'
import { pathBelow } from '../../naming/model-paths.ts'

/** What the hub said that a pull consists of. */
export const PinnedPull = Type.Object(
  {
    /** The current name at the hub. */
    repo: Type.String(),
    /** Commit. */
    revision: Type.String(),
    /** Paths of the model's files in the repository. */
    files: Type.Array(Type.String()),
  },
  { additionalProperties: false },
)
export type PinnedPull = Static<typeof PinnedPull>

export const PullRecord = Type.Object(
  {
    id: ModelId,
    /** Grows with every accepted pull, and so gives the order, whatever the clock says. */
    place: Type.Integer({ minimum: 0 }),
    request: PullRequest,
    /** Who wants it: slots by name, a person by a special sign. */
    by: Type.Array(Type.String()),
    /** null: the hub has not been asked yet. */
    pinned: nullable(PinnedPull),
  },
  { additionalProperties: false },
)
export type PullRecord = Static<typeof PullRecord>

const recordName = /^\.pull-(.+)\.json$/s
/** A hundred times the size of any record. */
const mostBytes = 256 * 1024

export const recordPath = (models: string, id: string): string => pathBelow(models, `.pull-${id}.json`)

/** The id in a record's file name; null for other files. */
export const idOfRecord = (name: string): string | null => recordName.exec(name)?.[1] ?? null

/** @returns null when there is no record. @throws Hal0Error that says why the file is not a record of that pull */
export const readRecord = async (models: string, id: string): Promise<PullRecord | null> => {
  const path = recordPath(models, id)
  const text = await readTextIfThere(path, 'read the record of a pull', { links: 'refuse', most: mostBytes })
  if (text === null) return null
  if (problemsOf(ModelId, id).length > 0) {
    throw new Hal0Error('storage.failed', `${path} is the record of a pull, but its name has no model id.`)
  }
  const value = jsonOf(text, path)
  // Before pulls had an order, a record was only the request.
  if (problemsOf(PullRequest, value).length === 0) {
    return { id, place: 0, request: value as PullRequest, by: [], pinned: null }
  }
  const record = parse(PullRecord, value, path)
  if (record.id === id) return record
  throw new Hal0Error('storage.failed', `${path} is the record of another pull, ${record.id}.`)
}

const jsonOf = (text: string, path: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = text.trim() === '' ? 'is empty' : 'is not valid JSON'
    throw new Hal0Error('storage.failed', `${path} ${why}.`, { cause: error })
  }
}
