/** The keys: made, looked up at every request, and revoked. */
import type { Key, KeyCreate, KeyMade } from '../../contract/access/keys.ts'
import { Bus } from '../../lib/async/bus.ts'
import { Mutex } from '../../lib/async/mutex.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { type KeyRecord, keysNow, readKeys, stampOfKeys, writeKeys } from './key-file.ts'
import { hashOf, makeKey, prefixOf } from './secret.ts'

/** The most keys that there can be: each has figures of its own in the metrics. */
const mostKeys = 1000

/** How often it is looked whether a command has changed the file while the daemon was starting, milliseconds. */
const lookEveryMs = 500

/** What a key has been used for. */
export type Used = Pick<Key, 'last_used_at' | 'requests' | 'tokens'>

/** Where that is counted. */
export interface UsageCounter {
  of(name: string): Used
  forget(name: string): void
}

const unused: UsageCounter = { of: () => ({ last_used_at: null, requests: 0, tokens: 0 }), forget: () => {} }

export interface KeyStoreOptions {
  usage?: UsageCounter
  /** Unix time in milliseconds. */
  now?: () => number
}

const notFound = (name: string): Hal0Error =>
  new Hal0Error('key.not_found', `There is no key "${name}". \`hal0 key list\` shows what there is.`, { param: 'name' })

const checkNew = ({ name, scope, slots }: KeyCreate, known: readonly KeyRecord[]): void => {
  if (scope === 'admin' && slots !== undefined) {
    const message =
      'A key with the scope admin may do everything, and cannot be bound to slots. Leave out one of the two.'
    throw new Hal0Error('request.invalid', message, { param: 'slots' })
  }
  if (known.some((key) => key.name === name)) {
    const message = `There is a key "${name}" already. Take another name, or revoke that one first: hal0 key revoke ${name}`
    throw new Hal0Error('key.exists', message, { param: 'name' })
  }
  if (known.length < mostKeys) return
  throw new Hal0Error('request.invalid', `There are ${mostKeys} keys, the most that hal0 keeps. Revoke some first.`)
}

export class KeyStore {
  readonly #data: string
  readonly #usage: UsageCounter
  readonly #now: () => number
  readonly #edits = new Mutex()
  /** Of the file that was read or written last. */
  #stamp: string
  #lookedAt = 0
  readonly #problem: string | null
  #keys: readonly KeyRecord[]
  #byHash: ReadonlyMap<string, KeyRecord>
  #byName: ReadonlyMap<string, KeyRecord>
  /** The names of keys that were revoked. */
  readonly revoked = new Bus<string>()

  private constructor(
    data: string,
    { keys, problem }: Awaited<ReturnType<typeof readKeys>>,
    { usage = unused, now = Date.now }: KeyStoreOptions,
  ) {
    this.#data = data
    this.#usage = usage
    this.#now = now
    this.#problem = problem
    this.#stamp = stampOfKeys(data)
    this.#keys = keys
    this.#byHash = new Map(keys.map((key) => [key.hash, key]))
    this.#byName = new Map(keys.map((key) => [key.name, key]))
  }

  /** @param data the data folder @throws Hal0Error `storage.failed` */
  static async open(data: string, options: KeyStoreOptions = {}): Promise<KeyStore> {
    return new KeyStore(data, await readKeys(data), options)
  }

  problem(): string | null {
    return this.#problem
  }

  get size(): number {
    return this.#keys.length
  }

  /** The key that `secret` is; null: none, or one that has expired. Looked up by its hash, so that time tells nothing about it. */
  find(secret: string): KeyRecord | null {
    this.#lookAgain()
    return this.#valid(this.#byHash.get(hashOf(secret)))
  }

  /** The key of that name; null: there is none any more, or it has expired. */
  named(name: string): KeyRecord | null {
    return this.#valid(this.#byName.get(name))
  }

  list(): Key[] {
    this.#lookAgain(true)
    return this.#keys.map((key) => this.#shown(key))
  }

  /** @throws Hal0Error `key.exists`, `request.invalid`, `storage.full`, `storage.failed` */
  create(wanted: KeyCreate): Promise<KeyMade> {
    return this.#edits.run(async () => {
      this.#lookAgain(true)
      checkNew(wanted, this.#keys)
      const key = makeKey()
      const now = this.#now()
      const record: KeyRecord = {
        name: wanted.name,
        hash: hashOf(key),
        prefix: prefixOf(key),
        scope: wanted.scope,
        slots: wanted.slots ?? null,
        priority: wanted.priority ?? null,
        requests_per_minute: wanted.requests_per_minute ?? null,
        tokens_per_day: wanted.tokens_per_day ?? null,
        created_at: new Date(now).toISOString(),
        expires_at: wanted.expires_s === undefined ? null : new Date(now + wanted.expires_s * 1000).toISOString(),
      }
      await this.#save([...this.#keys, record])
      // A key of the same name may have been revoked before.
      this.#usage.forget(record.name)
      return { ...this.#shown(record), key }
    })
  }

  /** @throws Hal0Error `key.not_found`, `storage.full`, `storage.failed` */
  revoke(name: string): Promise<void> {
    return this.#edits.run(async () => {
      this.#lookAgain(true)
      if (!this.#byName.has(name)) throw notFound(name)
      await this.#save(this.#keys.filter((key) => key.name !== name))
      this.#usage.forget(name)
      this.revoked.publish(name)
    })
  }

  async #save(keys: readonly KeyRecord[]): Promise<void> {
    await writeKeys(this.#data, keys)
    this.#stamp = stampOfKeys(this.#data)
    this.#know(keys)
  }

  #know(keys: readonly KeyRecord[]): void {
    this.#keys = keys
    this.#byHash = new Map(keys.map((key) => [key.hash, key]))
    this.#byName = new Map(keys.map((key) => [key.name, key]))
  }

  /** A command that found no daemon may have changed the file while this one was starting. @param now do not wait for the next look */
  #lookAgain(now = false): void {
    const time = performance.now()
    if (!now && time - this.#lookedAt < lookEveryMs) return
    this.#lookedAt = time
    const stamp = stampOfKeys(this.#data)
    if (stamp === this.#stamp) return
    const keys = keysNow(this.#data)
    // Damaged by somebody: what is known stays, and the next daemon says so.
    if (keys === null) return
    const before = this.#keys
    this.#stamp = stamp
    this.#know(keys)
    // Another key under the same name is another key.
    for (const { name, hash } of before) if (this.#byName.get(name)?.hash !== hash) this.revoked.publish(name)
  }

  #valid(key: KeyRecord | undefined): KeyRecord | null {
    if (key === undefined) return null
    // What is no date has expired: somebody meant it to end.
    return key.expires_at !== null && !(Date.parse(key.expires_at) > this.#now()) ? null : key
  }

  #shown({ hash: _, ...key }: KeyRecord): Key {
    const { name, prefix, scope, slots, priority, requests_per_minute, tokens_per_day, created_at, expires_at } = key
    const limits = { requests_per_minute, tokens_per_day }
    return { name, prefix, scope, slots, priority, ...limits, created_at, expires_at, ...this.#usage.of(name) }
  }
}
