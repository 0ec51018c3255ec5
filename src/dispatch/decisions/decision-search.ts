/** Searches the files of the log for decisions, a chunk at a time: requests are answered in between. */
import { constants, type FileHandle, open } from 'node:fs/promises'
import type { Decision } from '../../contract/system.ts'
import { errnoOf } from '../../system/files/storage-error.ts'
import type { DecisionFiles, LogPart } from './decision-files.ts'
import type { DecisionPage, DecisionQuery } from './decision-log.ts'
import { type Line, linesBackwardsInTurns } from './lines-backwards.ts'
import { parseDecision } from './log-files.ts'

/** How much is searched for one page, bytes: more than everything that is kept, unless hal0.toml raises that. */
const defaultPageBytes = 64 * 1024 * 1024
export const defaultLimit = 100

export const isWanted = ({ id, slot, model }: Decision, query: DecisionQuery): boolean =>
  (query.before === undefined || id < query.before) &&
  (query.after === undefined || id > query.after) &&
  (query.slot === undefined || slot === query.slot) &&
  (query.model === undefined || model === query.model)

/** Rules out most unwanted lines without parsing them. */
const mayBeWanted = ({ before, slot, model }: DecisionQuery): ((line: string) => boolean) => {
  const parts = [
    ...(slot === undefined ? [] : [`"slot":${JSON.stringify(slot)}`]),
    ...(model === undefined ? [] : [`"model":${JSON.stringify(model)}`]),
  ]
  return (line) => {
    const [, id] = /^\{"id":(\d+),/.exec(line) ?? []
    return (
      (id === undefined || before === undefined || Number(id) < before) && parts.every((part) => line.includes(part))
    )
  }
}

class Search {
  readonly #query: DecisionQuery
  readonly #pageBytes: number
  readonly #limit: number
  readonly #oldest: number
  readonly #mayBeWanted: (line: string) => boolean
  readonly #found: Decision[] = []
  #bytes = 0
  #isOver = false
  #next: number | null = null

  /** @param oldest id below which nothing counts */
  constructor(query: DecisionQuery, oldest: number, pageBytes: number) {
    this.#query = query
    this.#pageBytes = pageBytes
    this.#limit = query.limit ?? defaultLimit
    this.#oldest = Math.max(oldest, (query.after ?? 0) + 1)
    this.#mayBeWanted = mayBeWanted(query)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get page(): DecisionPage {
    return { decisions: this.#found, next: this.#next }
  }

  mayHold({ first }: LogPart): boolean {
    return first < (this.#query.before ?? Number.POSITIVE_INFINITY)
  }

  async read(file: FileHandle, size: number): Promise<void> {
    const { before } = this.#query
    const end = before === undefined ? size : await endBefore(file, size, before)
    for await (const { lines, bytes } of linesBackwardsInTurns(file, end)) {
      let last: string | null = null
      for (const line of lines) {
        this.#take(line)
        if (this.#isOver) return
        last = line.text
      }
      this.#bytes += bytes
      const id = last === null ? null : (parseDecision(last)?.id ?? null)
      if (this.#bytes < this.#pageBytes || id === null || id <= this.#oldest) continue
      this.#isOver = true
      this.#next = id
      return
    }
  }

  #take({ text }: Line): void {
    if (!this.#mayBeWanted(text)) return
    const decision = parseDecision(text)
    if (decision === null) return
    if (decision.id < this.#oldest) this.#isOver = true
    else if (isWanted(decision, this.#query)) {
      // One more than requested shows that there is a next page.
      if (this.#found.length < this.#limit) this.#found.push(decision)
      else {
        this.#isOver = true
        this.#next = this.#found.at(-1)?.id ?? null
      }
    }
  }
}

/** So many bytes contain the beginning of a line, wherever they begin themselves. */
const probeBytes = 64 * 1024
const newline = 0x0a

/** Finds by bisection, since ids ascend in a file, an end before which nearly everything is older than `before`. */
const endBefore = async (file: FileHandle, end: number, before: number): Promise<number> => {
  const probe = Buffer.allocUnsafe(probeBytes)
  let low = 0
  let high = end
  while (high - low > 2 * probeBytes) {
    const middle = Math.floor((low + high) / 2)
    const { bytesRead } = await file.read(probe, 0, probeBytes, middle)
    const text = probe.subarray(0, bytesRead)
    const start = text.indexOf(newline) + 1
    const [, id] = /^\{"id":(\d+),/.exec(text.toString('latin1', start, start + 32)) ?? []
    // Without a readable line nothing is known: then more is read than necessary.
    if (start === 0 || id === undefined) return high
    if (Number(id) < before) low = middle
    else high = middle + start
  }
  return high
}

/** @returns null when somebody removed it, or put something else in its place */
const openPart = async ({ path }: LogPart): Promise<FileHandle | null> => {
  try {
    // Without O_NONBLOCK, opening a pipe waits until somebody writes into it.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    if ((await file.stat()).isFile()) return file
    await file.close()
    return null
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT' || errno === 'ELOOP') return null
    throw error
  }
}

/** @throws what the system throws */
export const searchDecisions = async (
  files: DecisionFiles,
  query: DecisionQuery,
  pageBytes = defaultPageBytes,
): Promise<DecisionPage> => {
  const search = new Search(query, files.dropped + 1, pageBytes)
  for (const part of files.parts()) {
    if (search.isOver) break
    if (!search.mayHold(part)) continue
    const file = await openPart(part)
    if (file === null) {
      files.forget(part.path)
      continue
    }
    try {
      await search.read(file, part.end ?? (await file.stat()).size)
    } finally {
      await file.close()
    }
  }
  return search.page
}
