/** The table of providers, and what the rest of hal0 reads from it. A new provider is a folder beside this file and a row here. */
import { installCommand } from './engines/engine-kind.ts'
import { llamaCpp } from './llamacpp/row.ts'
import type { ProviderRow } from './provider-row.ts'

/** The default provider comes first. */
export type ProviderTable = readonly [ProviderRow, ...ProviderRow[]]

export const providerTable: ProviderTable = [llamaCpp]

export const providerNames: readonly string[] = providerTable.map(({ section }) => section.provider)

/** The provider of slots that name none. */
export const defaultProvider = providerTable[0].section.provider

export const { exampleEngine } = providerTable[0]

/** The command that installs the first engine on a fresh machine. */
export const firstInstall = installCommand(providerTable[0].engine)
