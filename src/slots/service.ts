/** The slots as the HTTP layer and the dispatcher see them. Implemented by the manager. */
import type { PullRequest } from '../contract/models/pull.ts'
import type { SlotProgress, SlotQueueEvent } from '../contract/slot.ts'
import type { Slot, SlotCreate, SlotPatch } from '../contract/slot-config.ts'
import type { Bus } from '../lib/async/bus.ts'
import type { LogFrom, TakeLog } from '../system/supervisor.ts'
import type { SlotDirectory } from './run/lease.ts'

export type SlotCommand =
  | { do: 'load' }
  | { do: 'unload' }
  | { do: 'restart' }
  | { do: 'acknowledge' }
  | { do: 'cancel' }
  /** @param source where the model comes from if it is missing */
  | { do: 'swap'; model: string; source?: PullRequest }

/** What the slots publish. */
export type SlotSignal =
  /** A transition is durable; `json` is the exact content of state.json. */
  | { kind: 'record'; name: string; json: string }
  /** Between transitions, at most 4 a second. */
  | { kind: 'progress'; progress: SlotProgress }
  /** While requests wait, at most 4 a second. */
  | { kind: 'queue'; queue: SlotQueueEvent }
  /** The slot was deleted. */
  | { kind: 'deleted'; name: string }
  /** Its configuration does not ask for prompts and answers to be kept, and may have done so before. */
  | { kind: 'uncaptured'; name: string }

export interface SlotService extends SlotDirectory {
  readonly signals: Bus<SlotSignal>
  /** The last durable record of every slot, as JSON text, ordered by name. */
  records(): { name: string; json: string }[]
  list(): Promise<Slot[]>
  /** Names of the slots that refer to a model. */
  usersOf(id: string): Promise<string[]>
  show(name: string): Promise<Slot>
  create(body: SlotCreate): Promise<Slot>
  edit(name: string, patch: SlotPatch): Promise<Slot>
  delete(name: string): Promise<void>
  /**
   * Gives a command to the slot.
   * @param waitS null: resolves once the command is accepted; otherwise once its goal is reached, within this many seconds
   * @throws Hal0Error why the command was refused, or why the goal was not reached
   */
  command(name: string, command: SlotCommand, waitS: number | null): Promise<Slot>
  logs(name: string, lines: number): Promise<string[]>
  /**
   * Passes to `take` what was already printed, from where the reader begins, and then everything new. Nothing in between is missed or
   * comes twice.
   * @returns the function that ends it
   * @throws Hal0Error `slot.not_found`
   */
  followLogs(name: string, take: TakeLog, from: LogFrom): () => void
}
