/** The fits of models, from wherever they are known. The machine is looked at once for all models of an answer. Pure. */
import type { CatalogEntry } from '../../contract/models/catalog.ts'
import type { Fit } from '../../contract/models/fit.ts'
import type { ModelEntry } from '../../contract/models/model.ts'
import { totalSize } from '../../lib/figures.ts'
import { fitOf } from './fit.ts'
import { contextOf, type Needs, needsOfCatalog, needsOfHeader, needsOfSize } from './needs.ts'
import type { Room } from './room.ts'

/** Looks at the machine. null: it does not say how much memory is free. */
export type FindRoom = () => Promise<Room | null>

/** The registry's entry of that id; null: there is none. */
type LookUp = (id: string) => ModelEntry | null

const sizeOf = (entry: ModelEntry): number => entry.memory?.weights ?? totalSize(entry.files)

const needsOfModel = (entry: ModelEntry, lookUp: LookUp): Needs => {
  const eyes = entry.source?.mmproj === undefined ? null : lookUp(entry.source.mmproj.id)
  const extra = eyes === null ? 0 : sizeOf(eyes)
  const use = { context: contextOf(entry.context_length), keys: 'f16', values: 'f16' } as const
  const needs = entry.memory === undefined ? null : needsOfHeader(entry.memory, use, extra)
  return needs ?? needsOfSize(sizeOf(entry) + extra, entry.context_length)
}

/** A model of the registry, with its vision projector if it has one. */
export const fitOfModel = (entry: ModelEntry, lookUp: LookUp, room: Room | null): Fit | null =>
  fitOf(needsOfModel(entry, lookUp), room)

/** Engines for speech run on the processor. */
export const fitOfCatalog = (entry: CatalogEntry, room: Room | null): Fit | null =>
  fitOf(
    needsOfCatalog(entry),
    room !== null && (entry.kind === 'stt' || entry.kind === 'tts') ? { ...room, gpus: [] } : room,
  )

/** @param size of the files at the hub, bytes */
export const fitOfFiles = (size: number, room: Room | null): Fit | null => fitOf(needsOfSize(size, null), room)
