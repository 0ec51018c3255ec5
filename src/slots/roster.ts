/**
 * Keeps track of which slots there are: those with a configuration file in the folder. People write, change and remove such files by
 * hand, even while the daemon runs, and the whole folder may go missing (a disk that is not mounted). Nothing that runs is stopped
 * because of that: a slot without its file stays for as long as something of it runs, and says so.
 */
import { isSlotName } from '../contract/slot.ts'
import type { Bus } from '../lib/async/bus.ts'
import type { Mutex } from '../lib/async/mutex.ts'
import { withDeadline } from '../lib/async/with-deadline.ts'
import type { Clock } from '../lib/clock.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { log } from '../lib/log.ts'
import type { Reconciliation } from './reconciliation.ts'
import type { SlotSignal } from './service.ts'
import type { SlotOwners } from './slot-owners.ts'
import type { SlotConfigStore } from './store/config-store.ts'
import type { RecordStore } from './store/record-store.ts'

export interface RosterDeps {
  owners: SlotOwners
  configs: Pick<SlotConfigStore, 'names' | 'folder' | 'folderStamp' | 'watch'>
  records: RecordStore
  reconciliation: Reconciliation
  /** Held while names and ports are allocated. */
  changes: Mutex
  signals: Bus<SlotSignal>
  clock: Clock
}

/** Editors write in several steps. */
const settleMs = 50
/** Some of them remove the file before they write the new one. */
const comesBackMs = 500
/** No request waits longer than this for a look at the folder, which may have to wait for the creation or deletion of a slot. */
const lookLimitMs = 500

export class Roster {
  readonly #deps: RosterDeps
  /** Slots that have a file but could not be opened, each with a sentence that says why. */
  readonly #leftOut = new Map<string, string>()
  /** Slots whose file is missing, and since when (monotonic milliseconds). */
  readonly #missing = new Map<string, number>()
  readonly #watch: ReturnType<SlotConfigStore['watch']>
  #folderProblem: string | null = null
  #cancelLook: (() => void) | null = null
  /** The folder's stamp at the last look. */
  #stamp: string | null = null
  #dueAt = Number.POSITIVE_INFINITY
  #closed = false

  constructor(deps: RosterDeps) {
    this.#deps = deps
    this.#watch = deps.configs.watch(() => this.#lookIn(settleMs))
  }

  /** Opens every slot and takes over what runs of it, even if its file is gone. Call it once. */
  async open(): Promise<void> {
    const { owners, reconciliation } = this.#deps
    const files = await this.#files()
    const known = await this.#known()
    for (const name of new Set([...(files ?? []), ...known])) await this.#open(name)
    await reconciliation.run(owners.all().map(({ owner }) => owner))
    if (known.length > 0 && files?.length === 0) {
      const { folder } = this.#deps.configs
      this.#folderProblem = `${folder} has no configuration of any slot, though there were slots (${known.join(', ')}). Put their files back, e.g. from a backup, or mount the disk that they are on. What runs keeps running.`
    }
    if (files !== null) this.#dropMissing(files, 0)
    await this.#watch.renew()
    this.#lookIn(this.#watch.everyMs)
  }

  /** Sentences about broken files, and about slots without a file. */
  problems(): string[] {
    return [...(this.#folderProblem === null ? [] : [this.#folderProblem]), ...this.#leftOut.values()]
  }

  /** Adopts changes in the folder. Has to be called while `changes` is held. */
  async look(): Promise<void> {
    const { owners, configs } = this.#deps
    const stamp = configs.folderStamp()
    const files = await this.#files()
    for (const name of files ?? []) if (!owners.has(name)) await this.#appear(name)
    for (const entry of owners.all()) await owners.follow(entry)
    for (const name of this.#leftOut.keys()) if (files?.includes(name) === false) this.#leftOut.delete(name)
    // Set only now: until the look is over, requests cannot see what it has found.
    this.#stamp = stamp
    if (files === null) return
    if (files.length > 0) this.#folderProblem = null
    this.#dropMissing(files, comesBackMs)
  }

  /** Looks at the folder before an answer, unless that takes too long. */
  async freshen(limitMs = lookLimitMs): Promise<void> {
    await withDeadline(
      this.#deps.changes.run(() => this.look()),
      limitMs,
      undefined,
    )
  }

  /** Whether a file was written or removed since the last look. Synchronous, and cheap enough for a request that finds no slot. */
  get isBehind(): boolean {
    return this.#deps.configs.folderStamp() !== this.#stamp
  }

  close(): void {
    this.#closed = true
    this.#cancelLook?.()
    this.#watch.close()
  }

  /** null: the folder is missing or cannot be read, which says nothing about any slot. */
  async #files(): Promise<string[] | null> {
    const { configs } = this.#deps
    try {
      const files = await configs.names()
      if (files !== null) return files
      if (this.#deps.owners.all().length > 0 || (await this.#known()).length > 0) {
        this.#folderProblem = `The folder of the slots' configuration, ${configs.folder}, is missing. Put it back, e.g. from a backup, or mount the disk that it is on. What runs keeps running.`
      }
    } catch (error) {
      this.#folderProblem = `${Hal0Error.from(error).message} What runs keeps running.`
    }
    return null
  }

  /** Slots that have a data folder. */
  async #known(): Promise<string[]> {
    try {
      return (await this.#deps.records.names()).filter(isSlotName).sort()
    } catch (error) {
      log.error('which slots there were is not known', error)
      return []
    }
  }

  async #open(name: string): Promise<void> {
    try {
      await this.#deps.owners.open(name)
      this.#leftOut.delete(name)
    } catch (error) {
      const sentence = `Slot ${name} is left out. ${Hal0Error.from(error).message}`
      if (this.#leftOut.get(name) !== sentence) log.error(sentence)
      this.#leftOut.set(name, sentence)
    }
  }

  /** A file was put into the folder. */
  async #appear(name: string): Promise<void> {
    const { owners, signals, reconciliation } = this.#deps
    await this.#open(name)
    if (!owners.has(name)) return
    const { owner } = owners.get(name)
    const json = owner.writer.durable
    if (json !== null) signals.publish({ kind: 'record', name, json })
    await reconciliation.run([owner])
  }

  /** Forgets slots of which nothing runs and whose file has been missing for `graceMs`. Their data stays, in case it comes back. */
  #dropMissing(files: readonly string[], graceMs: number): void {
    const { owners, clock, signals } = this.#deps
    for (const { owner } of owners.all()) {
      const { name } = owner.config
      if (files.includes(name)) {
        this.#missing.delete(name)
        continue
      }
      const since = this.#missing.get(name) ?? clock.now()
      this.#missing.set(name, since)
      if (!owner.isAtRest) continue
      if (clock.now() - since < graceMs) {
        this.#lookIn(graceMs)
        continue
      }
      this.#missing.delete(name)
      owners.drop(name)
      signals.publish({ kind: 'deleted', name })
    }
  }

  #lookIn(ms: number): void {
    const { clock, changes } = this.#deps
    const at = clock.now() + ms
    if (this.#closed || at >= this.#dueAt) return
    this.#dueAt = at
    this.#cancelLook?.()
    this.#cancelLook = clock.setTimer(ms, () => {
      this.#dueAt = Number.POSITIVE_INFINITY
      this.#watch
        .renew()
        .then(() => changes.run(() => this.look()))
        .catch((error: unknown) => log.error('the configuration files of the slots could not be read', error))
        .finally(() => this.#lookIn(this.#watch.everyMs))
    })
  }
}
