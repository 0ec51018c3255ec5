/** Remembers which backend keeps which stream, and leads the requests for it there. */
import type { Caller } from '../../contract/caller.ts'
import type { Endpoint } from '../../contract/endpoints.ts'
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { IncomingRequest } from '../../lib/http/incoming.ts'
import { log } from '../../lib/log.ts'
import type { BackendTraits } from '../../providers/backend-traits.ts'
import type { Target, TargetLease } from '../targets/target.ts'
import { type AskedStream, conversationOf, pathAtBackend, streamPath } from './asked-stream.ts'

/** The most streams that are remembered; a backend itself keeps one for some minutes. */
const maxStreams = 1024
/** How long a backend may take to say which form of the path it knows, milliseconds. */
const formWithinMs = 2000

/** A backend: a slot's process. */
interface Keeper {
  slot: string
  pid: number
}

/** A request that may begin a stream. */
interface StartedBy {
  request: Pick<IncomingRequest, 'headers'>
  endpoint: Pick<Endpoint, 'method' | 'capability'>
  caller: Caller
}

const notFound = ({ id }: AskedStream): Hal0Error =>
  new Hal0Error(
    'stream.not_found',
    `No running backend keeps a stream with the id "${bounded(id, 128)}". Send the request again with "stream": true and that X-Conversation-Id.`,
    { param: 'conv_id' },
  )

/** Each caller has ids of its own. */
const keyOf = ({ kind, name }: Caller, id: string): string => JSON.stringify([kind, name, id])

export class KeptStreams {
  /** By caller and id, in the order in which they were remembered. */
  readonly #keepers = new Map<string, Keeper>()

  get size(): number {
    return this.#keepers.size
  }

  /** @param target as it is now, with the process that gets the request */
  remember(id: string, caller: Caller, { slot, pid }: Pick<Target, 'slot' | 'pid'>): void {
    if (slot === null || pid === null) return
    const key = keyOf(caller, id)
    this.#keepers.delete(key)
    this.#keepers.set(key, { slot, pid })
    const [oldest] = this.#keepers.keys()
    if (this.#keepers.size > maxStreams && oldest !== undefined) this.#keepers.delete(oldest)
  }

  /**
   * Remembers which backend keeps the stream of a request.
   * @param slot whose backend gets it
   * @param targets as they are now: its process may have been started for this request
   * @returns whether it keeps one
   */
  keep(
    { request, endpoint, caller }: StartedBy,
    slot: string | null,
    { keepsStreams }: Pick<BackendTraits, 'keepsStreams'>,
    targets: () => readonly Target[],
  ): boolean {
    if (!keepsStreams || endpoint.method !== 'POST' || endpoint.capability !== 'chat') return false
    const id = conversationOf(request.headers)
    if (id === null) return false
    const keeper = targets().find((target) => target.slot === slot)
    if (keeper !== undefined) this.remember(id, caller, keeper)
    return true
  }

  /** The target whose backend keeps the stream. @throws Hal0Error `stream.not_found` */
  targetOf<T extends Pick<Target, 'slot' | 'pid'>>(asked: AskedStream, caller: Caller, targets: readonly T[]): T {
    const key = keyOf(caller, asked.id)
    const keeper = this.#keepers.get(key)
    if (keeper === undefined) throw notFound(asked)
    const target = targets.find(({ slot, pid }) => slot === keeper.slot && pid === keeper.pid)
    if (target !== undefined) return target
    // The process has ended, and its streams with it.
    this.#keepers.delete(key)
    throw notFound(asked)
  }
}

/**
 * The path and query with which the backend at `origin` is asked for a stream. One that takes the id as a parameter refuses a request
 * without it; the path of an older one is unknown without an id. Never rejects.
 */
export const backendPathOf = async (
  asked: AskedStream,
  { origin, key }: Pick<TargetLease, 'origin' | 'key'>,
): Promise<string> => {
  try {
    const { status } = await fetch(`${origin}${streamPath}`, {
      ...(key === null ? {} : { headers: { authorization: `Bearer ${key}` } }),
      // A backend must not lead the daemon elsewhere.
      redirect: 'manual',
      signal: AbortSignal.timeout(formWithinMs),
    })
    return pathAtBackend(asked, status === 404)
  } catch (error) {
    // The request itself will show what is wrong.
    log.warn(`the backend at ${origin} did not say how its streams are asked for`, error)
    return pathAtBackend(asked, false)
  }
}
