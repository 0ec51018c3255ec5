/** Which models the slots refer to and run, to decide whether their files may be removed. */
import type { SlotRecord } from '../contract/slot.ts'
import { Bus } from '../lib/async/bus.ts'
import type { ModelUse } from '../models/registry/retired-models.ts'
import type { WholeConfig } from '../providers/provider.ts'
import type { Planner } from './run/planner.ts'
import type { SlotSignal } from './service.ts'

/** The parts of a slot that are needed here. */
interface Known {
  owner: { readonly config: WholeConfig; readonly record: SlotRecord }
}

/** Slots that may have a backend, with the ids of the models that it uses. */
export const runningModels = (
  entries: readonly Known[],
  planner: Pick<Planner, 'otherModels'>,
): { name: string; models: string[] }[] =>
  entries.flatMap(({ owner: { config, record } }) => {
    const { name, state, model } = record
    if (state === 'offline' || state === 'pulling' || state === 'error') return []
    return [{ name, models: [...(model === null ? [] : [model]), ...planner.otherModels(config)] }]
  })

/** Names of the slots that refer to a model. */
export const usersOfModel = (entries: readonly Known[], planner: Pick<Planner, 'otherModels'>, id: string): string[] =>
  entries.flatMap(({ owner: { config, record } }) => {
    const refs = [config.model, record.model, record.pull, ...planner.otherModels(config)]
    return refs.includes(id) ? [config.name] : []
  })

interface RunningSlots {
  /** See `runningModels`. */
  running(): { name: string; models: string[] }[]
  readonly signals: Bus<SlotSignal>
}

export const modelUse = (slots: RunningSlots): ModelUse => {
  const freed = new Bus<string>()
  slots.signals.subscribe((signal) => {
    if (signal.kind === 'deleted') freed.publish(signal.name)
    else if (signal.kind === 'record') {
      const { state } = JSON.parse(signal.json) as SlotRecord
      if (state === 'offline' || state === 'error') freed.publish(signal.name)
    }
  })
  return {
    runners: (ids) =>
      slots.running().flatMap(({ name, models }) => (models.some((id) => ids.includes(id)) ? [name] : [])),
    freed,
  }
}
