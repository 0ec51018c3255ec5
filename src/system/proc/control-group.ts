/**
 * A control group (cgroups(7), version 2) of processes. Whatever they fork is in it too, also what leaves session, parent and
 * environment behind: nothing else on Linux tells that without fail.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readUnifiedFolder } from './cgroup.ts'

const removeTries = 20
const removeAgainMs = 50

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
   * Makes a group below that of this process, ready to take one in at once.
   * @param prefix of its name; the rest is random, so that no two runs ever share one
   * @returns null where that is not permitted (a container without delegation, another user's session) or not possible
   */
  static make(prefix: string): ControlGroup | null {
    const parent = readUnifiedFolder('self')
    if (parent === null) return null
    for (const name of readdirSync(parent)) {
      // What a run left whose record was lost. A group in which something runs cannot be removed.
      if (name.startsWith(prefix)) attempt(() => rmdirSync(join(parent, name)))
    }
    const group = new ControlGroup(join(parent, `${prefix}${crypto.randomUUID().slice(0, 8)}`))
    if (!attempt(() => mkdirSync(group.folder))) return null
    // The first move in a while waits for all processors (36 ms were seen), in which a script forks: so this process is moved first,
    // to where it is already.
    attempt(() => writeFileSync(join(parent, 'cgroup.procs'), '0'))
    return group
  }

  /** The group that an earlier daemon made; null when it is gone or its name begins with something else. */
  static find(folder: string, prefix: string): ControlGroup | null {
    const isGroup = () => statSync(join(folder, 'cgroup.procs'))
    return basename(folder).startsWith(prefix) && attempt(isGroup) ? new ControlGroup(folder) : null
  }

  /** Moves a process into the group. @returns false when that is not permitted, or the process has ended */
  add(pid: number): boolean {
    return attempt(() => writeFileSync(join(this.folder, 'cgroup.procs'), String(pid)))
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
