/**
 * slots/<name>/log-start: the time from which the journal's entries belong to this slot. The journal still has what an earlier slot
 * of the same name printed, and only the host's administrator may remove that.
 */
import { join } from 'node:path'
import { removeFile, writeFileAtomic } from '../../files/atomic-file.ts'
import { readOwnText } from '../../files/own-file.ts'

export class LogStart {
  readonly #path: string
  readonly #name: string
  #known: number | null = null

  /** @param folder the slot's data folder */
  constructor(folder: string, name: string) {
    this.#path = join(folder, 'log-start')
    this.#name = name
  }

  /** Milliseconds since the Unix epoch; null before the slot's first start. */
  async read(): Promise<number | null> {
    if (this.#known !== null) return this.#known
    const text = await readOwnText(this.#path, `read when the log of slot ${this.#name} began`)
    const ms = Number.parseInt(text ?? '', 10)
    this.#known = Number.isSafeInteger(ms) ? ms : null
    return this.#known
  }

  /** Has to be called before each start; only the first call has an effect. @throws Hal0Error `storage.full`, `storage.failed` */
  async begin(now: number): Promise<void> {
    if ((await this.read()) !== null) return
    await writeFileAtomic(this.#path, `${now}\n`, `write when the log of slot ${this.#name} began`)
    this.#known = now
  }

  /** @throws Hal0Error `storage.failed` */
  async remove(): Promise<void> {
    this.#known = null
    await removeFile(this.#path, `forget when the log of slot ${this.#name} began`)
  }
}
