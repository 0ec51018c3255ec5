/**
 * All processes of one slot: its main process and everything descended from it. They are identified by a control group if there can
 * be one. Otherwise by descent, as seen while the parents lived, by session, and by the mark in the environment. Without a group,
 * one kind of process escapes: one that clears its environment, opens its own session and loses its parent, all between two looks
 * (50 ms while the slot is young, then a second).
 */
import { readUnifiedFolder } from '../../proc/cgroup.ts'
import { ControlGroup, groupPrefix } from '../../proc/control-group.ts'
import { type ProcStat, readStat, runningProcesses, stillRuns } from '../../proc/stat.ts'
import type { ExitReport } from '../../supervisor.ts'
import { addDescendants, type Identity, leadsStill, markedBy } from './members.ts'
import type { ProcessRecord, Traces } from './record.ts'

/** Only processes that have lived this long are recorded for the next daemon, milliseconds: a wrapper may keep calling short programs. */
const settledMs = 1000

interface Seen extends Identity {
  /** It leads its own session. */
  leads: boolean
  /** When it was first seen, on the clock of performance.now(). */
  since: number
}

export class Family {
  readonly #mark: () => string
  readonly #mayGroup: boolean
  readonly #seen = new Map<number, Seen>()
  #group: ControlGroup | null = null

  /**
   * @param mark called each time, since it is final only once the slot's folder exists
   * @param mayGroup false: use no control groups, as on a machine that allows none
   */
  constructor(mark: () => string, mayGroup: boolean) {
    this.#mark = mark
    this.#mayGroup = mayGroup
  }

  /** Whether its members can be found only by regular looks. */
  get needsLooks(): boolean {
    return this.#group === null
  }

  /**
   * Starts the main process of a new run, in its own group if that is possible.
   * @param spawn starts the process before it returns; what it throws is passed on
   */
  begin<T extends { pid: number }>(spawn: () => T): { child: T; leader: Identity } {
    this.forget()
    const group = this.#mayGroup ? ControlGroup.make(this.#prefix()) : null
    try {
      const { started: child, isIn } = group?.enclose(spawn) ?? { started: spawn(), isIn: false }
      if (isIn) this.#group = group
      // Without a start time it has already ended, and its end will be reported.
      const leader = { pid: child.pid, startTime: readStat(child.pid)?.startTime ?? 0 }
      this.#seen.set(leader.pid, { ...leader, leads: true, since: performance.now() })
      return { child, leader }
    } finally {
      if (this.#group === null) group?.remove()
    }
  }

  /** Takes over what an earlier daemon knew. A record in a copied folder is about another slot's processes. */
  restore(record: ProcessRecord): void {
    this.forget()
    if (record.mark !== this.#mark()) return
    for (const { pid, start_time } of record.members ?? []) {
      this.#seen.set(pid, { pid, startTime: start_time, leads: false, since: Number.NEGATIVE_INFINITY })
    }
    this.#group = record.group == null ? null : ControlGroup.find(record.group, this.#prefix())
  }

  /** Adopts a main process that was found running, with its group if it has one. */
  adopt(leader: Identity): void {
    const folder = readUnifiedFolder(leader.pid)
    this.#group = (folder === null ? null : ControlGroup.find(folder, this.#prefix())) ?? this.#group
    this.#seen.set(leader.pid, { ...leader, leads: true, since: performance.now() })
  }

  /**
   * The members that can be found without waiting. Each look remembers them, so that a process stays known after its parent ends.
   * @param processes every running process
   */
  now(processes: readonly ProcStat[]): Set<ProcStat> {
    const inGroup = this.#group?.pids() ?? new Set()
    const sessions = new Set(
      [...this.#seen.values()].filter((one) => one.leads && leadsStill(one)).map(({ pid }) => pid),
    )
    const members = new Set(
      processes.filter(
        ({ pid, session, startTime }) =>
          inGroup.has(pid) || sessions.has(session) || this.#seen.get(pid)?.startTime === startTime,
      ),
    )
    addDescendants(members, processes)
    this.#remember(members, processes)
    return members
  }

  /** Every running process of the slot. */
  async all(): Promise<ProcStat[]> {
    const processes = runningProcesses().filter(({ pid }) => pid !== process.pid)
    const known = this.now(processes)
    const marked = await markedBy(
      this.#mark(),
      processes.filter((stat) => !known.has(stat)),
    )
    const members = new Set([...known, ...marked])
    addDescendants(members, processes)
    this.#remember(members, processes)
    return [...members]
  }

  /** Whether anything still runs: children that outlive their main process are useless, but hold its port and memory. */
  async remains(): Promise<Pick<ExitReport, 'remains'>> {
    return (await this.all()).length > 0 ? { remains: true } : {}
  }

  /** Sends SIGKILL to its group, if it has one. */
  killGroup(): void {
    this.#group?.kill()
  }

  /** What the record stores for the next daemon. */
  traces(): Traces {
    const settled = [...this.#seen.values()].filter(({ since }) => performance.now() - since >= settledMs)
    return {
      mark: this.#mark(),
      group: this.#group?.folder ?? null,
      members: (this.#group === null ? settled : []).map(({ pid, startTime }) => ({ pid, start_time: startTime })),
    }
  }

  /** Nothing of it runs any more. */
  forget(): void {
    this.#seen.clear()
    this.#group?.remove()
    this.#group = null
  }

  #remember(members: ReadonlySet<ProcStat>, processes: readonly ProcStat[]): void {
    for (const { pid, startTime, session } of members) {
      const before = this.#seen.get(pid)
      const since = before?.startTime === startTime ? before.since : performance.now()
      this.#seen.set(pid, { pid, startTime, leads: session === pid, since })
    }
    // Ended processes are forgotten before their pid is reused; a session leader only once its session is empty.
    for (const one of this.#seen.values()) {
      const inSession = one.leads && processes.some(({ session }) => session === one.pid)
      if (!inSession && !stillRuns(one)) this.#seen.delete(one.pid)
    }
  }

  /** Prefix of its groups' names, which no other slot of any installation has. */
  #prefix(): string {
    return groupPrefix(this.#mark())
  }
}
