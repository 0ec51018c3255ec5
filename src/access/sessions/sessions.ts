/**
 * The sessions of browsers, and the links that begin one. They are kept in memory only, by the hashes of their tokens: after a restart
 * of the daemon people sign in again.
 */
import type { Session, SignInLink } from '../../contract/access/session.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { KeyRecord } from '../keys/key-file.ts'
import { hashOf, randomToken } from '../keys/secret.ts'

const sessionMs = 30 * 86_400_000
const linkMs = 15 * 60_000
/** The most of each; the oldest goes first. */
const most = 1000

/** What a session allows. */
export type SessionGrant = Pick<KeyRecord, 'scope' | 'slots' | 'priority'> & { name: string | null }

export interface SessionsDeps {
  keys: { find(secret: string): KeyRecord | null; named(name: string): KeyRecord | null }
  /** Unix time in milliseconds. */
  now?: () => number
}

interface Kept {
  /** null: it began with a link. */
  key: string | null
  expires: number
}

const byLink: SessionGrant = { name: null, scope: 'admin', slots: null, priority: null }

const refused = (): Hal0Error =>
  new Hal0Error(
    'auth.required',
    'This key or link is not valid: it is wrong, was used or revoked, or has expired. Make another: hal0 open, or hal0 key create NAME',
  )

const remember = <T>(all: Map<string, T>, token: string, kept: T): void => {
  const [oldest] = all.keys()
  if (all.size >= most && oldest !== undefined) all.delete(oldest)
  all.set(hashOf(token), kept)
}

export class Sessions {
  readonly #keys: SessionsDeps['keys']
  readonly #now: () => number
  readonly #sessions = new Map<string, Kept>()
  /** When each link expires. */
  readonly #links = new Map<string, number>()

  constructor({ keys, now = Date.now }: SessionsDeps) {
    this.#keys = keys
    this.#now = now
  }

  /** @throws Hal0Error `auth.required` for a wrong key or link, `request.invalid` unless there is exactly one of them */
  begin({ key, link }: { key?: string; link?: string }): { token: string; session: Session } {
    if ((key === undefined) === (link === undefined)) {
      throw new Hal0Error('request.invalid', 'Sign in with a key, or with a link: one of the two.', { param: 'key' })
    }
    const name = key === undefined ? this.#use(link ?? '') : this.#nameOf(key)
    const token = randomToken()
    const expires = this.#now() + sessionMs
    remember(this.#sessions, token, { key: name, expires })
    const { scope } = this.find(token) ?? byLink
    return { token, session: { name, scope, expires_at: new Date(expires).toISOString() } }
  }

  /** What the session with this token allows; null: there is none any more, or its key was revoked. */
  find(token: string): SessionGrant | null {
    const kept = this.#sessions.get(hashOf(token))
    if (kept === undefined || kept.expires <= this.#now()) return null
    return kept.key === null ? byLink : this.#keys.named(kept.key)
  }

  end(token: string): void {
    this.#sessions.delete(hashOf(token))
  }

  makeLink(): SignInLink {
    const token = randomToken()
    const expires = this.#now() + linkMs
    remember(this.#links, token, expires)
    // Behind the #, it is in no log and in no Referer.
    return { path: `/sign-in#${token}`, expires_at: new Date(expires).toISOString() }
  }

  #use(link: string): null {
    const hash = hashOf(link)
    const expires = this.#links.get(hash)
    this.#links.delete(hash)
    if (expires === undefined || expires <= this.#now()) throw refused()
    return null
  }

  #nameOf(key: string): string {
    const found = this.#keys.find(key)
    if (found === null) throw refused()
    return found.name
  }
}
