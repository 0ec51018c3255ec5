/** What a slot is before anything has happened to it. */
import { type SlotConfig, type SlotRecord, slotDefaults } from '../contract/slot.ts'

/** A slot's configuration whose port may still have to be allocated. */
export type StoredConfig = Omit<SlotConfig, 'port'> & { port: number | null }

/** The configuration of a slot whose file says nothing; its port is still to be allocated. */
export const initialConfig = (name: string): StoredConfig => ({
  ...slotDefaults,
  name,
  aliases: [...slotDefaults.aliases],
  extra_args: [...slotDefaults.extra_args],
  port: null,
})

/** The record of a slot that never ran. */
export const initialRecord = (config: SlotConfig, bootId: string | null, wall: number): SlotRecord => ({
  name: config.name,
  state: 'offline',
  since: new Date(wall).toISOString(),
  seq: 0,
  model: config.model,
  provider: config.provider,
  port: config.port,
  unit: `hal0-slot@${config.name}.service`,
  pid: null,
  boot_id: bootId,
  reason: 'created',
  pull: null,
  error: null,
})
