/**
 * A control group (cgroups(7), version 2) of processes. Everything they fork is in it too, even what leaves its session, parent and
 * environment behind. Nothing else on Linux shows that reliably.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readUnifiedFolder } from './cgroup.ts'

const removeTries = 20
const removeAgainMs = 50
/** As `make` names them. */
const groupName = /^hal0-[0-9a-f]{16}-[0-9a-f]{8}$/
/** An empty group that is younger may be one that another daemon is about to start its backend in, milliseconds. */
const leftoverMs = 60_000

/** Of the name of a group: its owner's part, which is the same for all runs of one slot. */
export const groupPrefix = (owner: string): string =>
  `hal0-${createHash('sha256').update(owner).digest('hex').slice(0, 16)}-`

/** What a start came to. */
export interface Enclosed<T> {
  started: T
  /** It is in the group, and this process is not any more. */
  isIn: boolean
}

const attempt = (work: () => void): boolean => {
  try {
    work()
    return true
  } catch {
    // Not permitted, missing, or not empty: the caller knows what that means.
    return false
  }
}

export class ControlGroup {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /**
   * Creates a group below that of this process.
   * @param prefix of its name; the rest is random, so that no two runs ever share a name
   * @returns null if that is not permitted (a container without delegation, another user's session) or not possible
   */
  static make(prefix: string): ControlGroup | null {
    const parent = readUnifiedFolder('self')
    if (parent === null) return null
    const group = new ControlGroup(join(parent, `${prefix}${crypto.randomUUID().slice(0, 8)}`))
    return attempt(() => mkdirSync(group.folder)) ? group : null
  }

  /**
   * Removes the groups that earlier runs of any slot left below that of this process: after a daemon was killed, or for a slot that
   * is gone. A group in which something runs is not touched.
   * @param now milliseconds since the Unix epoch
   */
  static removeLeftovers(now = Date.now()): void {
    const parent = readUnifiedFolder('self')
    if (parent === null) return
    let names: string[] = []
    attempt(() => {
      names = readdirSync(parent)
    })
    for (const name of names) {
      if (groupName.test(name)) attempt(() => new ControlGroup(join(parent, name)).#removeLeftover(now))
    }
  }

  /** The group that an earlier daemon created; null if it is gone or its name has another prefix. */
  static find(folder: string, prefix: string): ControlGroup | null {
    const isGroup = () => statSync(join(folder, 'cgroup.procs'))
    return basename(folder).startsWith(prefix) && attempt(isGroup) ? new ControlGroup(folder) : null
  }

  /**
   * Starts a program so that it is in the group from its first instruction on. A child begins in its parent's group, so this process
   * enters the group for that time. Moving the child afterwards would be too late if it forks at once and leaves parent, session and
   * environment behind.
   * @param start starts the program before it returns; what it throws is passed on
   */
  enclose<T>(start: () => T): Enclosed<T> {
    const back = join(dirname(this.folder), 'cgroup.procs')
    const enter = (procs: string) => attempt(() => writeFileSync(procs, '0'))
    // First a move to where this process already is: if that is not permitted, it could not come back either.
    if (!enter(back) || !enter(join(this.folder, 'cgroup.procs'))) return { started: start(), isIn: false }
    let isBack = false
    let started: T
    try {
      started = start()
    } finally {
      isBack = enter(back) || enter(back)
    }
    return { started, isIn: isBack }
  }

  /** The processes in the group and in the groups below it. */
  pids(): Set<number> {
    return new Set(this.#folders().flatMap((folder) => this.#pidsIn(folder)))
  }

  /** Sends SIGKILL to the whole group at once, so that no fork can escape; Linux 5.14 and later. */
  kill(): void {
    attempt(() => writeFileSync(join(this.folder, 'cgroup.kill'), '1'))
  }

  /** Removes it in a moment, when nothing runs in it: until its parent has taken note of it, what has ended counts as in it. */
  remove(tries = removeTries): void {
    for (const folder of this.#folders().reverse()) attempt(() => rmdirSync(folder))
    if (tries > 1 && existsSync(this.folder)) setTimeout(() => this.remove(tries - 1), removeAgainMs).unref()
  }

  #removeLeftover(now: number): void {
    const isEmpty = /^populated 0$/m.test(readFileSync(join(this.folder, 'cgroup.events'), 'latin1'))
    if (isEmpty && now - statSync(this.folder).mtimeMs > leftoverMs) this.remove(1)
  }

  #pidsIn(folder: string): number[] {
    let text = ''
    attempt(() => {
      text = readFileSync(join(folder, 'cgroup.procs'), 'latin1')
    })
    return text.split('\n').filter(Boolean).map(Number)
  }

  /** Its own folder, and those below it after their parents. */
  #folders(): string[] {
    const folders = [this.folder]
    attempt(() => {
      const entries = readdirSync(this.folder, { recursive: true, withFileTypes: true })
      for (const entry of entries) if (entry.isDirectory()) folders.push(join(entry.parentPath, entry.name))
    })
    return folders.toSorted((a, b) => a.split('/').length - b.split('/').length)
  }
}
