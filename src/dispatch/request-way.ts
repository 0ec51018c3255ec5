/** Finds who answers a request, and says so in its line of the decision log. */
import { Hal0Error } from '../lib/hal0-error.ts'
import { slotNotFound } from '../slots/machine/slot-errors.ts'
import type { DecisionDraft } from './decisions/decision-draft.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import type { InferenceCall } from './dispatch-port.ts'
import { askedStream } from './streams/asked-stream.ts'
import type { KeptStreams } from './streams/kept-streams.ts'
import { modelNotFound, notSupported } from './targets/no-route.ts'
import { reachable } from './targets/reachable.ts'
import { asProfile, findAnyRoute, findRoute } from './targets/route.ts'
import type { Target } from './targets/target.ts'
import { slotOfUpstream } from './upstream/slot-upstream.ts'

export interface Way {
  target: Target
  /** The name by which the client asked for the target, without the profile; null: it named none. */
  asked: string | null
  profile: string | null
}

export interface Asking {
  call: InferenceCall
  draft: DecisionDraft
  deps: Pick<DispatchDeps, 'targets' | 'models' | 'modes'> & { streams: KeptStreams }
}

/**
 * @param model null: any target that can do it
 * @throws Hal0Error `model.not_found`, `slot.not_found`, `stream.not_found`, `request.unsupported`
 */
export const findWay = ({ call, draft, deps }: Asking, model: string | null): Way => {
  const { request, endpoint, caller } = call
  const { capability } = endpoint
  const targets = reachable(deps.targets.list(), caller)
  if (endpoint.model === 'stream') {
    const keeper = deps.streams.targetOf(askedStream(request.target), caller, targets)
    draft.picked(keeper, 'keeps the stream')
    return { target: keeper, asked: null, profile: null }
  }
  if (endpoint.model === 'slot') {
    const name = slotOfUpstream(request.target) ?? ''
    const named = targets.find(({ slot }) => slot === name)
    if (named === undefined) throw slotNotFound(name)
    draft.picked(named, 'the path names it')
    return { target: named, asked: null, profile: null }
  }
  draft.asked(model)
  const route = model === null ? findAnyRoute(targets, capability) : findRoute(targets, model, capability)
  // Of the registry, a caller that is bound to slots learns nothing.
  const isRegistered = model !== null && caller.slots === null && deps.models.get(model) !== null
  if (route === null) throw modelNotFound(targets, model ?? '', isRegistered)
  const { target, reason, candidates, profile } = route
  draft.considered(candidates)
  if (target === null) throw notSupported(targets, route, model, capability, deps.modes)
  draft.picked(target, reason)
  const asked = model === null || profile === null ? model : (asProfile(model)?.name ?? model)
  return { target, asked, profile }
}

/** Like `findWay`; a promise if files of slots were just changed by hand: then it is worth another try. */
export const findWaySoon = (asking: Asking, model: string | null): Way | Promise<void> => {
  try {
    return findWay(asking, model)
  } catch (error) {
    const isUnknown = error instanceof Hal0Error && error.code === 'model.not_found'
    const fresh = isUnknown ? asking.deps.targets.freshen() : null
    if (fresh === null) throw error
    return fresh
  }
}
