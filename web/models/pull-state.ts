/** Which pulls are shown, and what can be done with them. */
import { computed, signal } from '@preact/signals'
import type { Pull, PullRequest } from '../../src/contract/models/pull.ts'
import { isUnderWay } from '../../src/contract/models/pull-phase.ts'
import { call } from '../data/api.ts'
import { refreshKept, refreshModels, refreshPulls } from '../data/refresh.ts'
import { announcement, kept, pulls } from '../data/state.ts'
import { type PullVerb, requestOf } from '../words/pull-verbs.ts'

/** Requests made on this page. */
const requests = new Map<string, PullRequest>()
/** Ended pulls that the person has hidden. */
const hidden = signal<ReadonlySet<string>>(new Set())
/** Pulls that were seen under way or asked for on this page: their end is shown, too. */
const watched = new Set<string>()
/** Pull whose card gets the keyboard focus. */
export const focusedPull = signal<string | null>(null)

const hide = (id: string): void => {
  hidden.value = new Set([...hidden.value, id])
}

const unhide = (id: string): void => {
  if (hidden.value.has(id)) hidden.value = new Set([...hidden.value].filter((one) => one !== id))
}

/** Bytes that an ended pull has left on the disk. */
export const keptOf = (id: string): number => kept.value.get(id) ?? 0

const isShown = (pull: Pull): boolean => {
  if (isUnderWay(pull)) {
    watched.add(pull.id)
    return true
  }
  if (hidden.value.has(pull.id)) return false
  if (watched.has(pull.id)) return true
  return pull.phase === 'failed' || (pull.phase === 'cancelled' && keptOf(pull.id) > 0)
}

/** The newest first. */
export const shownPulls = computed(() => [...pulls.value.values()].reverse().filter(isShown))

/** Starts a pull and puts the keyboard focus on its card. @throws ApiError */
export const startPull = async (id: string, request: PullRequest): Promise<void> => {
  const pull = await call('pullModel', { params: { id }, body: request })
  requests.set(id, request)
  watched.add(id)
  unhide(id)
  pulls.value = new Map([...pulls.value].filter(([one]) => one !== id)).set(id, pull)
  focusedPull.value = id
  if (pull.phase === 'done') await refreshModels()
  await refreshPulls()
}

/** @throws ApiError */
export const commandPull = async (verb: PullVerb, pull: Pull): Promise<void> => {
  const { id } = pull
  if (verb === 'again') return startPull(id, requests.get(id) ?? requestOf(pull))
  if (verb === 'cancel') {
    const ended = await call('cancelPull', { params: { id } })
    pulls.value = new Map(pulls.value).set(id, ended)
    return refreshKept()
  }
  if (verb === 'discard') {
    await call('cancelPull', { params: { id }, query: { discard: true } })
    announcement.value = `${id}: discarded`
    await refreshKept()
    // Why it failed stays.
    if (pull.phase === 'failed') return
  }
  hide(id)
}
