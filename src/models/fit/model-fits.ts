/** The fits of the models of one answer. The machine is looked at once for all of them. */
import type { CatalogEntry } from '../../contract/models/catalog.ts'
import type { Fit } from '../../contract/models/fit.ts'
import type { ModelEntry } from '../../contract/models/model.ts'
import { totalSize } from '../../lib/figures.ts'
import { fitOf } from './fit.ts'
import { needsOfCatalog, needsOfSize } from './needs.ts'
import type { Room } from './room.ts'

/** Looks at the machine. null: it does not say how much memory is free. */
export type FindRoom = () => Promise<Room | null>

/** @param entry of the registry */
export const fitOfModel = (entry: ModelEntry, room: Room | null): Fit | null =>
  fitOf(needsOfSize(totalSize(entry.files), entry.context_length), room)

export const fitOfCatalog = (entry: CatalogEntry, room: Room | null): Fit | null => fitOf(needsOfCatalog(entry), room)

/** @param size of the files at the hub, bytes */
export const fitOfFiles = (size: number, room: Room | null): Fit | null => fitOf(needsOfSize(size, null), room)
