/** The state of a slot before anything has happened to it. */
import type { SlotRecord } from '../../contract/slot.ts'
import type { SlotConfig } from '../../contract/slot-config.ts'

/**
 * The record of a slot that never ran, or whose record is lost (`isLost`). Sequence numbers must not decrease. No slot changes its
 * state a thousand times a second, so the clock is ahead of every number used before.
 */
export const initialRecord = (config: SlotConfig, bootId: string | null, wall: number, isLost = false): SlotRecord => ({
  name: config.name,
  state: 'offline',
  since: new Date(wall).toISOString(),
  seq: isLost ? wall : 0,
  model: config.model,
  provider: config.provider,
  port: config.port,
  unit: `hal0-slot@${config.name}.service`,
  pid: null,
  boot_id: bootId,
  reason: isLost ? 'its record was lost' : 'created',
  pull: null,
  error: null,
  intent: null,
})
