/** The providers, and all that the rest of hal0 reads of them by name. A new one is a folder beside this file and a row here. */
import { installCommand } from './engines/engine-kind.ts'
import { llamaCpp } from './llamacpp/row.ts'
import type { ProviderRow } from './provider-row.ts'

/** The row of the default comes first. */
export type ProviderTable = readonly [ProviderRow, ...ProviderRow[]]

export const providerTable: ProviderTable = [llamaCpp]

export const providerNames: readonly string[] = providerTable.map(({ section }) => section.provider)

/** Runs the slots that name none. */
export const defaultProvider = providerTable[0].section.provider

export const { exampleEngine } = providerTable[0]

/** Brings a fresh machine its first engine. */
export const firstInstall = installCommand(providerTable[0].engine)
