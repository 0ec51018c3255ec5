/** Reports changes in a folder, which may be deleted and created again. */
import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { log } from '../../lib/log.ts'
import { errnoOf } from './storage-error.ts'

/** Identifies the folder that is at `path` now; null: none. */
const identityOf = async (path: string): Promise<string | null> => {
  try {
    const { dev, ino } = await stat(path)
    return `${dev}:${ino}`
  } catch {
    // Whoever reads the folder gets the reason.
    return null
  }
}

export class FolderWatch {
  /** How often the owner should call `renew` and check the folder anyway, milliseconds: a watch is never guaranteed. */
  readonly everyMs: number = 2000
  readonly #path: string
  readonly #onChange: () => void
  #watcher: FSWatcher | null = null
  #watched: string | null = null
  #warned = false

  constructor(path: string, onChange: () => void) {
    this.#path = path
    this.#onChange = onChange
  }

  /** Watches the folder that is at the path now. A watch ends when its folder is deleted. */
  async renew(): Promise<void> {
    const found = await identityOf(this.#path)
    if (found === this.#watched) return
    this.close()
    if (found === null) return
    try {
      this.#watcher = watch(this.#path, { persistent: false }, this.#onChange)
      this.#watcher.on('error', () => this.close())
      this.#watched = found
    } catch (error) {
      if (!this.#warned)
        log.warn(`${this.#path} cannot be watched (${errnoOf(error)}); it is looked at every ${this.everyMs} ms`)
      this.#warned = true
    }
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = null
    this.#watched = null
  }
}
