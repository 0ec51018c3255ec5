/** Slots' configurations of the providers that there are, with everything at its default but for what a test says. */
import { operationsWith, providerSchemas } from '../../src/contract/operations/operations.ts'
import type { Slot, SlotPatch } from '../../src/contract/slot-config.ts'
import type { WholeConfig } from '../../src/providers/provider.ts'
import { providerTable } from '../../src/providers/table.ts'
import { type ConfigPatch, Sections, type StoredConfig } from '../../src/slots/config/sections.ts'

export const sections = new Sections([providerTable[0].section])
export const engineKinds = providerTable.map(({ engine }) => engine)
export const schemas = providerSchemas(sections.all)
export const operations = operationsWith(schemas)

/** What a slot is whose file says nothing. */
export const initialConfig = (name: string): StoredConfig => sections.initial(name)

/** Changes as a body of the API has them. */
export const patchOf = (changes: SlotPatch): ConfigPatch => sections.patchOf(changes, null)

/** @param changes as a body of the API has them */
export const slotConfig = ({ name = 'primary', ...changes }: SlotPatch & { name?: string } = {}): WholeConfig => {
  const config = sections.merged(sections.initial(name), patchOf(changes))
  return { ...config, port: config.port ?? 8081 }
}

/** As the API shows it. */
export const wireConfig = (changes: SlotPatch & { name?: string } = {}): Slot['config'] =>
  sections.wire(slotConfig(changes))
