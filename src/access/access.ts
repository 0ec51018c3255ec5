/** Who may come in: the keys of a data folder and what they are used for, put together for the daemon. */
import type { AuthMode } from '../contract/config.ts'
import type { Decision } from '../contract/logs/decision.ts'
import type { Hal0Error } from '../lib/hal0-error.ts'
import { isForThisMachine } from '../system/listen-scope.ts'
import type { KeyRecord } from './keys/key-file.ts'
import { KeyStore } from './keys/key-store.ts'
import { KeyUsage } from './keys/key-usage.ts'
import { Sessions } from './sessions/sessions.ts'

/** How long requests under way may still take when their key is revoked, milliseconds. */
const answeredWithinMs = 200

const isOpen =
  'Nobody is asked for a key (auth = "open"): everybody who reaches hal0 may do everything. To change that: hal0 config set auth=auto'

const firstKeyText = (key: string): string =>
  `hal0 listens for other machines now, and there was no key yet. This is the first one, with the scope admin. It is shown only here:

  ${key}

Programs send it as "Authorization: Bearer KEY". More keys: hal0 key create NAME
`

/** What is read of a decision. */
type Ended = Pick<Decision, 'caller' | 'prompt_tokens' | 'completion_tokens'>

export class Access {
  readonly keys: KeyStore
  readonly sessions: Sessions
  readonly #auth: AuthMode
  readonly #usage: KeyUsage

  private constructor(keys: KeyStore, usage: KeyUsage, auth: AuthMode) {
    this.#auth = auth
    this.keys = keys
    this.sessions = new Sessions({ keys })
    keys.revoked.subscribe((key) => this.sessions.endOf(key))
    this.#usage = usage
  }

  /** @throws Hal0Error `storage.failed` */
  static async open(data: string, auth: AuthMode, now: () => number = Date.now): Promise<Access> {
    const usage = await KeyUsage.open(data, now)
    return new Access(await KeyStore.open(data, { usage, now }), usage, auth)
  }

  readonly meter = {
    seen: (key: string): void => this.#usage.seen(key),
    admit: (name: string): Hal0Error | null => {
      const key = this.keys.named(name)
      return key === null ? null : this.#usage.admit(key)
    },
  }

  /**
   * Makes the first key and prints it, where other machines can reach hal0 and none of them could come in.
   * @param host the address that hal0 listens on
   * @throws Hal0Error `storage.full`, `storage.failed`
   */
  async printFirstKey(host: string, print: (text: string) => void): Promise<void> {
    if (this.#auth !== 'auto' || isForThisMachine(host) || this.keys.list().length > 0) return
    const { key } = await this.keys.create({ name: 'admin', scope: 'admin' })
    print(firstKeyText(key))
  }

  /** The key that `secret` is; null: none that is valid. */
  keyOf(secret: string): KeyRecord | null {
    return this.keys.find(secret)
  }

  /** A request for inference has ended. */
  record({ caller, prompt_tokens, completion_tokens }: Ended): void {
    if (caller === null || caller.name === null || (caller.kind !== 'key' && caller.kind !== 'session')) return
    this.#usage.spent(caller.name, (prompt_tokens ?? 0) + (completion_tokens ?? 0))
  }

  /** Calls `end` for each key that is revoked, a moment later: the request that revokes its own key still gets its answer. */
  onRevoked(end: (key: string) => void): void {
    this.keys.revoked.subscribe((key) => setTimeout(() => end(key), answeredWithinMs).unref())
  }

  /** What each key that is known was used for. */
  used(): { name: string; requests: number; tokens: number }[] {
    return this.keys.list().map(({ name, requests, tokens }) => ({ name, requests, tokens }))
  }

  problems(): string[] {
    return [this.#auth === 'open' ? isOpen : null, this.keys.problem()].filter((problem) => problem !== null)
  }

  close(): Promise<void> {
    return this.#usage.close()
  }
}
