/** Which slot is meant. Pure. */
import type { ModelEntry } from '../../contract/models/model.ts'
import type { SlotState } from '../../contract/slot.ts'
import type { Slot } from '../../contract/slot-config.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'

const answering: readonly SlotState[] = ['ready', 'serving', 'idle']
const coming: readonly SlotState[] = ['pulling', 'starting', 'warming']

export const answers = (slot: Pick<Slot, 'state'>): boolean => answering.includes(slot.state.state)

/** The model that the slot runs, or will run. */
export const modelOf = ({ config, state }: Slot): string | null => state.model ?? config.model

/** What the slot is for, by its own word or by its model; null where neither says. */
export const kindOf = (slot: Slot, models: readonly Pick<ModelEntry, 'id' | 'kind'>[]): string | null => {
  const model = modelOf(slot)
  return slot.config.mode ?? models.find(({ id }) => id === model)?.kind ?? null
}

/** Whether the slot is for chats, or nothing says that it is not. */
export const canChat = (slot: Slot, models: readonly Pick<ModelEntry, 'id' | 'kind'>[]): boolean =>
  (kindOf(slot, models) ?? 'chat') === 'chat'

/** The one that answers soonest; of equals the first. */
const soonest = (slots: readonly Slot[]): Slot | null =>
  slots.find(answers) ??
  slots.find(({ state }) => coming.includes(state.state)) ??
  slots.find(({ config, state }) => config.load === 'on-demand' && state.state === 'offline') ??
  null

/** The slot with this name or alias, else the one of those with this model that answers soonest; null if there is none. */
export const slotCalled = (text: string, slots: readonly Slot[]): Slot | null => {
  const named =
    slots.find(({ config }) => config.name === text) ?? slots.find(({ config }) => config.aliases.includes(text))
  if (named !== undefined) return named
  const withModel = slots.filter(({ config }) => config.model === text)
  return soonest(withModel) ?? withModel[0] ?? null
}

/**
 * The slot to chat with when none is named: one that is ready, else one that is loading, else one that loads on demand.
 * @param models the registry: a slot without a mode takes the mode of its model
 * @throws Failure when no slot can answer
 */
export const pickSlot = (slots: readonly Slot[], models: readonly Pick<ModelEntry, 'id' | 'kind'>[]): Slot => {
  const chatty = slots.filter((slot) => modelOf(slot) !== null && canChat(slot, models))
  const picked = soonest(chatty)
  if (picked !== null) return picked
  const [first] = chatty
  if (first !== undefined) {
    const { name } = first.config
    throw new Failure(exitCode.failed, `No slot is ready, and none loads on demand; ${name} is ${first.state.state}.`, {
      hint: `hal0 slot load ${name}`,
    })
  }
  const others = slots.map(({ config }) => config.name).join(', ')
  const what = others === '' ? 'There is no slot to chat with.' : `No slot can chat (${others}).`
  throw new Failure(exitCode.failed, what, { hint: 'hal0 run MODEL' })
}
