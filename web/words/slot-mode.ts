/** What a slot is for. */
import { type KnownSlot, models } from '../data/state.ts'

/** As configured, else the kind of its model; null: unknown yet. */
export const modeOf = ({ config, record }: KnownSlot): string | null => {
  if (config?.mode !== null && config?.mode !== undefined) return config.mode
  return models.value?.find(({ id }) => id === record.model)?.kind ?? null
}
