import { slots } from '../data/state.ts'

/** Names of the slots that refer to a model. */
export const usersOf = (id: string): string[] =>
  slots.value
    .filter(({ record, config }) => [record.model, record.pull, config?.model, config?.mmproj].includes(id))
    .map(({ record }) => record.name)
