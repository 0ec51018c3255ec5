/** Runs backends as instances of the template unit `hal0-slot@.service`, in the host's systemd or in the user's. */
import { type Paths, slotDir } from '../paths.ts'
import type {
  ExitReport,
  Found,
  LaunchSpec,
  LogFrom,
  PortOwner,
  RunningProcess,
  Supervisor,
  TakeLog,
} from '../supervisor.ts'
import { Journal } from './journal/journal.ts'
import type { JournalFollower } from './journal/journal-follower.ts'
import { SlotUnit } from './slot-unit.ts'
import type { Systemctl } from './unit/systemctl.ts'
import { Units } from './unit/units.ts'

/** A death has to be reported within 250 ms, of which systemctl and journalctl need about 60. */
const tickMs = 50

export interface SystemdSupervisorOptions {
  paths: Paths
  systemctl: Systemctl
}

/** Keeps `launch.json` in each slot's data folder; the backends' output is in the journal. */
export class SystemdSupervisor implements Supervisor {
  readonly kind = 'systemd'
  readonly #paths: Paths
  readonly #units: Units
  readonly #journal: Journal
  readonly #slots = new Map<string, SlotUnit>()
  readonly #followers = new Set<JournalFollower>()
  readonly #timer: ReturnType<typeof setInterval>

  constructor({ paths, systemctl }: SystemdSupervisorOptions) {
    this.#paths = paths
    this.#units = new Units(systemctl)
    this.#journal = new Journal(systemctl.scope)
    this.#timer = setInterval(() => {
      for (const slot of this.#slots.values()) slot.tick()
    }, tickMs)
    this.#timer.unref()
  }

  /** @throws Hal0Error besides those of the port: `supervisor.failed` when systemd does not answer or refuses */
  start(spec: LaunchSpec, onExit: (exit: ExitReport) => void): Promise<RunningProcess> {
    return this.#slot(spec.name).start(spec, onExit)
  }

  adopt(name: string, onExit: (exit: ExitReport) => void): Promise<Found> {
    return this.#slot(name).adopt(onExit)
  }

  stop(name: string, graceMs: number): Promise<void> {
    return this.#slot(name).stop(graceMs)
  }

  portOwner(name: string, port: number): Promise<PortOwner> {
    return this.#slot(name).portOwner(port)
  }

  logs(name: string, lines: number): Promise<string[]> {
    return this.#slot(name).logs(lines)
  }

  followLogs(name: string, take: TakeLog, from: LogFrom = { lines: 0 }): () => void {
    const follower = this.#slot(name).followLogs(take, from)
    this.#followers.add(follower)
    return () => {
      this.#followers.delete(follower)
      follower.end()
    }
  }

  problems(): string[] {
    const sentences = [...this.#followers].flatMap(({ problem }) => (problem === null ? [] : [problem]))
    return [...new Set(sentences)]
  }

  async forget(name: string): Promise<void> {
    const slot = this.#slot(name)
    this.#slots.delete(name)
    slot.close()
    await slot.forget()
  }

  close(): void {
    clearInterval(this.#timer)
    for (const slot of this.#slots.values()) slot.close()
    for (const follower of this.#followers) follower.end()
    this.#followers.clear()
  }

  #slot(name: string): SlotUnit {
    let slot = this.#slots.get(name)
    if (slot === undefined) {
      slot = new SlotUnit({ name, folder: slotDir(this.#paths, name), units: this.#units, journal: this.#journal })
      this.#slots.set(name, slot)
    }
    return slot
  }
}
