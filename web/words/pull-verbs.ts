/** What can be done with a pull. Pure. */
import type { Pull, PullRequest } from '../../src/contract/models/pull.ts'
import { isUnderWay } from '../../src/contract/models/pull-phase.ts'
import { isPackagePull } from '../../src/contract/models/pull-place.ts'
import type { PullFigures } from '../../src/contract/slot.ts'

export const pullVerbs = ['cancel', 'again', 'discard', 'hide'] as const
export type PullVerb = (typeof pullVerbs)[number]

/** @param kept bytes left on the disk; null: not known yet */
export const pullVerbsOf = (pull: Pick<PullFigures, 'phase'>, kept: number | null): readonly PullVerb[] => {
  if (isUnderWay(pull)) return ['cancel']
  if (pull.phase === 'done') return ['hide']
  return kept === null || kept === 0 ? ['again', 'hide'] : ['again', 'discard', 'hide']
}

/** @param kept as in pullVerbsOf */
export const verbLabel = (verb: PullVerb, phase: PullFigures['phase'], kept: number | null): string => {
  if (verb === 'again') return phase === 'failed' || kept === 0 ? 'Try again' : 'Go on'
  return { cancel: 'Cancel', discard: 'Discard', hide: 'Hide' }[verb]
}

/**
 * The request that continues a pull which this page did not start. It names the pinned commit and file, so that the bytes are the
 * same; a package is always pinned.
 */
export const requestOf = ({ request, repo, revision, files }: Pull): PullRequest => {
  if (isPackagePull(request)) return request
  // The model's files come before those of its projector, whatever label was asked for.
  const [first] = files
  return revision === null || first === undefined ? request : { ...request, repo, revision, file: first.path }
}
