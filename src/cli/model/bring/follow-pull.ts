/** Shows a pull until it has ended. */

import type { Pull } from '../../../contract/models/pull.ts'
import { isUnderWay } from '../../../contract/models/pull-phase.ts'
import { isPackagePull } from '../../../contract/models/pull-place.ts'
import { bytes } from '../../../lib/figures.ts'
import type { Absence } from '../../api/absence.ts'
import { call } from '../../api/client.ts'
import { followEvents } from '../../api/follow-events.ts'
import { progressLine } from '../../pull-figures.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { envelopeFailure, Failure } from '../../terminal/failure.ts'
import { talk } from '../../terminal/output.ts'
import type { StatusLine } from '../../terminal/status-line.ts'
import { quoted } from '../../values/shell-words.ts'
import { readPull } from './read-pull.ts'

const shown = (pull: Pull): readonly [string, ...string[]] => {
  const name = pull.file?.split('/').at(-1) ?? pull.id
  if (pull.position !== null) return [`${name}: waiting for its turn, ${pull.position} in the queue`]
  if (pull.phase === 'resolving')
    return [`${name}: asking the ${isPackagePull(pull.request) ? 'package index' : 'hub'}`]
  if (pull.phase === 'verifying') return [`${name}: verifying`]
  return progressLine(name, pull)
}

/** Shows how far a pull is. */
const tell = (pull: Pull, line: StatusLine, told: Set<string>): void => {
  for (const { path, size, received } of pull.files) {
    if (received < size || told.has(path)) continue
    told.add(path)
    line.clear()
    talk.log(`${path}  ${bytes(size)}`)
  }
  line.show(`${pull.phase} ${pull.file}`, shown(pull))
}

/** Whether the registry has just what a pull was fetching: same repository, same commit. */
const isRegistered = async (pull: Pull): Promise<boolean> => {
  try {
    const { source } = await call('showModel', { params: { id: pull.id } })
    return source !== null && source.repo === pull.repo && source.revision === pull.revision
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCode.notFound) return false
    throw error
  }
}

/**
 * What became of a pull that a daemon which came back does not know: its end was not seen.
 * @throws Failure when it is not known that it succeeded
 */
const askWhatBecame = async (last: Pull): Promise<Pull> => {
  if (await isRegistered(last)) return { ...last, phase: 'done', position: null, eta_s: null }
  throw new Failure(
    exitCode.failed,
    `The daemon is back, but knows no pull of ${last.id} any more, and the model that was pulled is not here.`,
    {
      hint: `hal0 model pull ${isPackagePull(last.request) ? last.id : `${last.repo} --file ${quoted(last.request.file)}`}`,
    },
  )
}

export interface Following {
  signal: AbortSignal
  line: StatusLine
  /** The daemon has answered this command already. */
  wasThere: boolean
  /** Tells the caller whether the daemon is gone, once the signal has ended the following. */
  absence: Absence
}

/** The end of a pull; how it was last seen, if the daemon does not know it any more. */
const lastSeen = async (id: string, { line, ...follow }: Following): Promise<Pull> => {
  const told = new Set<string>()
  let last: Pull | null = null
  try {
    const path = `/api/models/${encodeURIComponent(id)}/pull/events`
    for await (const { data } of followEvents(path, follow)) {
      const pull = readPull(data)
      if (pull === null) continue
      if (!isUnderWay(pull)) return pull
      tell(pull, line, told)
      last = pull
    }
  } catch (error) {
    const isUnknown = error instanceof Failure && error.body?.code === 'pull.not_found'
    if (!isUnknown || last === null) throw error
  } finally {
    line.clear()
  }
  // Following ends only with an error; the type checker cannot know that.
  if (last === null) throw new Error('an event stream that is followed has ended')
  return last
}

/**
 * Shows one line for each file: rewritten on a terminal, plain elsewhere. Goes on over restarts of the daemon, which continues the
 * pull.
 * @returns the pull after it has ended
 * @throws Failure when it failed, or does not exist; the signal's reason once it aborted
 */
export const followPull = async (id: string, following: Following): Promise<Pull> => {
  const pull = await lastSeen(id, following)
  if (isUnderWay(pull)) return await askWhatBecame(pull)
  // Its code may be that of a pull which the daemon does not know: here it was the server that did not have the file.
  if (pull.phase === 'failed' && pull.error !== null) throw envelopeFailure(pull.error, pull.id)
  return pull
}
