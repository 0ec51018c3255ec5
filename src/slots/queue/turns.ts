/**
 * Who is next at a slot whose places are all taken. Pure.
 *
 * The callers take turns: each gets one place and then goes to the end of the row, so that one caller's hundred requests do not stand
 * before another's one. A caller alone is served in the order of arrival. A batch request is served only while no other waits, until it
 * has aged: from then on it is treated as an interactive one that has just come.
 *
 * So a request is passed by at most the callers that stand before its own, once for each turn that its own caller needs. docs/slots.md
 * states the bound on its wait, and the tests hold it.
 */
import type { Priority } from '../../contract/caller.ts'
import type { SlotConfig } from '../../contract/slot-config.ts'

/** A request that waits for the load to end, or for a place. */
export interface Waiting {
  id: number
  /** What the client asked for: a slot's name, a model's ref, an alias. */
  asked: string
  /** Who sends it; requests of one caller share its turns. */
  caller: string
  priority: Priority
  /** Time of arrival, monotonic milliseconds. */
  arrived: number
  /** When its current wait began, monotonic milliseconds: its arrival, or a later restart that it waited through. */
  since: number
  /** When it began to wait for a place at a loaded backend, monotonic milliseconds; null while it waits for the load. */
  queuedAt: number | null
}

/** The requests that wait, and whose turn it is. */
export interface Queue {
  /** In the order of arrival. */
  readonly waiting: readonly Waiting[]
  /** Callers in the order of their turns. Who no longer waits is skipped. */
  readonly turns: readonly string[]
}

const agingS = 30

/** After how long a batch request is treated as an interactive one, milliseconds: always before it would be refused. */
export const agingMs = ({ queue_wait_s }: Pick<SlotConfig, 'queue_wait_s'>): number =>
  Math.min(agingS, queue_wait_s / 2) * 1000

/** When a request begins to count as interactive, monotonic milliseconds. */
const dueAt = ({ priority, arrived }: Waiting, aging: number): number => arrived + (priority === 'batch' ? aging : 0)

/** The callers that wait, in the order of their turns. */
const callersOf = ({ waiting, turns }: Queue): Set<string> => {
  const present = new Set<string>()
  for (const { caller } of waiting) present.add(caller)
  const callers = new Set<string>()
  for (const caller of turns) if (present.has(caller)) callers.add(caller)
  for (const caller of present) callers.add(caller)
  return callers
}

type Lines = Map<string, Waiting[]>

const addTo = (lines: Lines, one: Waiting): void => {
  const line = lines.get(one.caller)
  if (line === undefined) lines.set(one.caller, [one])
  else line.push(one)
}

/** @param row of the callers, of which each that gets a place goes to the end */
function* inTurns(lines: Lines, row: Set<string>): Generator<Waiting, void> {
  let callers = [...row].filter((caller) => lines.has(caller))
  for (let round = 0; callers.length > 0; round++) {
    for (const caller of callers) {
      row.delete(caller)
      row.add(caller)
      yield lines.get(caller)?.[round] as Waiting
    }
    callers = callers.filter((caller) => (lines.get(caller)?.length ?? 0) > round + 1)
  }
}

function* ordered(queue: Queue, row: Set<string>, now: number, aging: number): Generator<Waiting, void> {
  const [due, later]: [Lines, Lines] = [new Map(), new Map()]
  let aged = false
  for (const one of queue.waiting) {
    const isDue = dueAt(one, aging) <= now
    aged ||= isDue && one.priority === 'batch'
    addTo(isDue ? due : later, one)
  }
  if (aged) for (const line of due.values()) line.sort((a, b) => dueAt(a, aging) - dueAt(b, aging))
  yield* inTurns(due, row)
  yield* inTurns(later, row)
}

/**
 * All that wait, one after the other, in the order in which they get places if nobody else comes and no batch request ages meanwhile.
 * @param now monotonic milliseconds
 * @param aging see `agingMs`
 */
export const inOrder = (queue: Queue, now: number, aging: number): Iterable<Waiting> =>
  ordered(queue, callersOf(queue), now, aging)

/** The queue with one more request, which has just come. */
export const joined = ({ waiting, turns }: Queue, one: Waiting): Queue => {
  const all = [...waiting, one]
  return { waiting: all, turns: [...callersOf({ waiting: all, turns })] }
}

/** Takes the next requests out of the queue, as many as there are places. Parameters as in `inOrder`. */
export const admit = (
  queue: Queue,
  places: number,
  now: number,
  aging: number,
): { admitted: Waiting[]; rest: Queue } => {
  const row = callersOf(queue)
  const admitted: Waiting[] = []
  for (const one of places > 0 ? ordered(queue, row, now, aging) : []) {
    admitted.push(one)
    if (admitted.length === places) break
  }
  const gone = new Set(admitted)
  const waiting = queue.waiting.filter((one) => !gone.has(one))
  return { admitted, rest: { waiting, turns: [...callersOf({ waiting, turns: [...row] })] } }
}

/** The place of a request in the order, from 1; null: it does not wait. */
export const positionOf = (id: number, order: Iterable<Waiting>): number | null => {
  let position = 0
  for (const one of order) {
    position++
    if (one.id === id) return position
  }
  return null
}

/**
 * The request that gives way to one of `caller` where no more may wait: the last of the caller with the most, unless the newcomer's has
 * nearly as many. So a caller that fills the queue does not shut the others out, and one with a single request never loses it.
 * Parameters as in `inOrder`.
 * @returns null: the newcomer has to go
 */
export const givesWay = (queue: Queue, caller: string, now: number, aging: number): Waiting | null => {
  const counts = new Map<string, number>()
  for (const one of queue.waiting) counts.set(one.caller, (counts.get(one.caller) ?? 0) + 1)
  let most = 0
  for (const count of counts.values()) most = Math.max(most, count)
  if (most < (counts.get(caller) ?? 0) + 2) return null
  return [...inOrder(queue, now, aging)].findLast((one) => counts.get(one.caller) === most) ?? null
}
