import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from '../../system/files/storage-error.ts'
import { installedEngine, isEngineId } from './manifest.ts'

const removed = /^\.removed-[0-9a-f]+$/
const temporary = /^\.installing-(\d+)-[0-9a-f]+$/

/** The new name of an engine's folder before its files are removed: from then on it is a leftover. */
export const removedName = (): string => `.removed-${randomBytes(8).toString('hex')}`

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errnoOf(error) === 'EPERM'
  }
}

/** Temporary folders of installations: names them, and removes those whose installation is over. */
export class LeftoverSweeper {
  readonly #mine = new Set<string>()

  /** The name of a new temporary folder; it is kept until `done`. */
  newName(): string {
    const name = `.installing-${process.pid}-${randomBytes(8).toString('hex')}`
    this.#mine.add(name)
    return name
  }

  done(name: string): void {
    this.#mine.delete(name)
  }

  /** In a container every daemon may have the same pid, so this process remembers its own names. */
  #isRunning(name: string): boolean {
    const pid = Number(temporary.exec(name)?.[1])
    return pid === process.pid ? this.#mine.has(name) : isAlive(pid)
  }

  /** Removes what interrupted installations and removals left in `enginesDir`, engine folders without a manifest included. */
  async sweep(enginesDir: string): Promise<void> {
    for (const name of await readdir(enginesDir)) {
      const isLeftover =
        removed.test(name) ||
        (temporary.test(name) && !this.#isRunning(name)) ||
        (isEngineId(name) && (await installedEngine(enginesDir, name)) === null)
      if (isLeftover) await rm(join(enginesDir, name), { recursive: true, force: true })
    }
  }
}
