/**
 * A control group (cgroups(7), version 2) of processes. Whatever they fork is in it too, also what leaves session, parent and
 * environment behind: nothing else on Linux tells that without fail.
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
    // Not permitted, not there, or not empty: each caller says what that means.
    return false
  }
}

export class ControlGroup {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /**
   * Makes a group below that of this process.
   * @param prefix of its name; the rest is random, so that no two runs ever share one
   * @returns null where that is not permitted (a container without delegation, another user's session) or not possible
   */
  static make(prefix: string): ControlGroup | null {
    const parent = readUnifiedFolder('self')
    if (parent === null) return null
    const group = new ControlGroup(join(parent, `${prefix}${crypto.randomUUID().slice(0, 8)}`))
    return attempt(() => mkdirSync(group.folder)) ? group : null
  }

  /**
   * Removes the groups below that of this process that runs of whatever slot have left: those of a daemon that was killed, or of a
   * slot that is gone. One in which something runs is not touched.
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

  /** The group that an earlier daemon made; null when it is gone or its name begins with something else. */
  static find(folder: string, prefix: string): ControlGroup | null {
    const isGroup = () => statSync(join(folder, 'cgroup.procs'))
    return basename(folder).startsWith(prefix) && attempt(isGroup) ? new ControlGroup(folder) : null
  }

  /**
   * Starts a program so that it is in the group from its first instruction on: a child begins in the group of its parent, so this
   * process is in it meanwhile. To be moved there afterwards would be too late for one that forks at once and leaves parent, session
   * and environment behind.
   * @param start starts it before it returns; what it throws is passed on
   */
  enclose<T>(start: () => T): Enclosed<T> {
    const back = join(dirname(this.folder), 'cgroup.procs')
    const enter = (procs: string) => attempt(() => writeFileSync(procs, '0'))
    // To where it is already: whoever may not do that would not come back.
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

  /** The processes in it and in the groups below it. */
  pids(): Set<number> {
    return new Set(this.#folders().flatMap((folder) => this.#pidsIn(folder)))
  }

  /** SIGKILL to all of it at one instant, so that nothing can be forked away from it; Linux 5.14 and later. */
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
