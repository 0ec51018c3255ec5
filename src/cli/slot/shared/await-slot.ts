/** Waits for what a command makes of a slot, also over a restart of the daemon. */
import type { SlotRecord, SlotState } from '../../../contract/slot.ts'
import type { Slot } from '../../../contract/slot-config.ts'
import { type Absence, isAway, onceBack } from '../../api/absence.ts'
import { call } from '../../api/client.ts'
import { followEvents } from '../../api/follow-events.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { envelopeFailure, Failure } from '../../terminal/failure.ts'
import type { StatusLine } from '../../terminal/status-line.ts'
import { isPassing, showNews, withProgress } from './follow-progress.ts'
import { readSlotEvent } from './progress.ts'

/** What a command wants of a slot. */
export type SlotGoal = { is: 'loaded'; model?: string } | { is: 'offline' }

interface AwaitSlot {
  name: string
  goal: SlotGoal
  line: StatusLine
  /** Put before each line of progress. */
  prefix: string
  absence: Absence
  signal: AbortSignal
  /** Sends the command and waits for its outcome. */
  send(): Promise<Slot>
}

/**
 * Sends a command and shows the slot's progress on `line`. If the daemon goes away meanwhile, this waits until it is back and asks
 * what became of the slot. The command is not sent again: somebody may have changed their mind in between.
 * @returns the slot once it got there
 * @throws Failure why it did not, or that the daemon is not reachable at all; the signal's reason once it aborted
 */
export const awaitSlot = async ({ name, goal, line, prefix, absence, signal, send }: AwaitSlot): Promise<Slot> => {
  let wasThere = false
  try {
    return await withProgress(name, line, prefix, send, () => {
      wasThere = true
    })
  } catch (error) {
    if (!wasThere || !isAway(error)) throw error
  }
  absence.begin()
  const show = () => onceBack(() => call('showSlot', { params: { name } }), { absence, signal })
  const slot = await show()
  if (isSettled(slot.state)) return verdict(slot, goal)
  try {
    const path = `/api/slots/events?name=${encodeURIComponent(name)}`
    for await (const event of followEvents(path, { signal, absence, wasThere: true })) {
      const news = readSlotEvent(event)
      if (news === null) continue
      showNews(news, name, line, prefix)
      if (news.kind === 'deleted' || (news.kind === 'record' && isSettled(news.record))) break
    }
  } finally {
    line.clear()
  }
  return verdict(await show(), goal)
}

/** Whether the slot stays as it is until something new happens. */
const isSettled = ({ state, intent }: SlotRecord): boolean => intent === null && !isPassing(state)

const answers: readonly SlotState[] = ['ready', 'serving', 'idle']

/** @throws Failure when the slot is not where it was to go */
const verdict = (slot: Slot, goal: SlotGoal): Slot => {
  const { name, state, model, error } = slot.state
  if (error !== null) throw envelopeFailure(error, name)
  if (goal.is === 'offline' && state === 'offline') return slot
  if (goal.is === 'loaded' && answers.includes(state) && (goal.model ?? model) === model) return slot
  const wanted = goal.is === 'offline' ? 'offline' : `loaded${goal.model === undefined ? '' : ` with ${goal.model}`}`
  const now = `${state}${model === null || state === 'offline' ? '' : ` with ${model}`}`
  throw new Failure(exitCode.failed, `The daemon is back, and ${name} is ${now}; it was to be ${wanted}.`, {
    hint: `hal0 slot show ${name}`,
  })
}
