/** The key that hal0 shares with the running backend of one slot. */
import type { LaunchSpec } from '../../system/supervisor.ts'
import { type BackendKeys, newBackendKey } from '../store/backend-key.ts'

export class SlotKey {
  readonly #name: string
  readonly #keys: BackendKeys
  #key: string | null = null

  constructor(name: string, keys: BackendKeys) {
    this.#name = name
    this.#keys = keys
  }

  /** What requests to the backend must carry; null: nothing. */
  get current(): string | null {
    return this.#key
  }

  /** Reads the key of the backend that an earlier daemon started. */
  async recall(): Promise<void> {
    this.#key = await this.#keys.read(this.#name)
  }

  /**
   * The launch with a new key. It is on the disk before the backend runs: the next daemon could not talk to the backend otherwise.
   * @param variable the environment variable in which the backend takes it; null: it takes none
   * @throws Hal0Error `storage.full`, `storage.failed`
   */
  async renewed(spec: LaunchSpec, variable: string | null): Promise<LaunchSpec> {
    this.#key = null
    if (variable === null) return spec
    const key = newBackendKey()
    await this.#keys.write(this.#name, key)
    this.#key = key
    return { ...spec, env: { ...spec.env, [variable]: key } }
  }
}
