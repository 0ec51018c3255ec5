import type { Model } from '../../contract/models/model.ts'
import type { SlotState } from '../../contract/slot.ts'
import type { Slot } from '../../contract/slot-config.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'

const answering: readonly SlotState[] = ['ready', 'serving', 'idle']
const coming: readonly SlotState[] = ['pulling', 'starting', 'warming']

/**
 * The slot to chat with when none is named: one that is ready, else one that is loading, else one that loads on demand.
 * @param models the registry: a slot without a mode takes the mode of its model
 * @throws Failure when no slot can answer
 */
export const pickSlot = (slots: readonly Slot[], models: readonly Model[]): string => {
  const kinds = new Map(models.map(({ id, kind }) => [id, kind]))
  const chatty = slots.filter(({ config, state }) => {
    const model = state.model ?? config.model
    return (config.mode ?? (model === null ? null : (kinds.get(model) ?? 'chat'))) === 'chat'
  })
  const picked =
    chatty.find(({ state }) => answering.includes(state.state)) ??
    chatty.find(({ state }) => coming.includes(state.state)) ??
    chatty.find(({ config, state }) => config.load === 'on-demand' && state.state === 'offline')
  if (picked !== undefined) return picked.config.name
  const first = chatty[0]
  if (first === undefined) {
    throw new Failure(exitCode.failed, 'There is no slot to chat with.', {
      hint: 'hal0 slot create primary --model MODEL',
    })
  }
  throw new Failure(
    exitCode.failed,
    `No slot is ready, and none loads on demand; ${first.config.name} is ${first.state.state}.`,
    {
      hint: `hal0 slot load ${first.config.name}`,
    },
  )
}
