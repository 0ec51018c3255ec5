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
/** The most of each; the oldest goes first. Those of one key give way to each other, so that it cannot sign out the others. */
const most = 1000
const mostOfOne = 50

/** What a session allows. */
export type SessionGrant = Pick<KeyRecord, 'scope' | 'slots' | 'priority'> & { name: string | null }

export interface SessionsDeps {
  keys: { find(secret: string): KeyRecord | null; named(name: string): KeyRecord | null }
  /** Unix time in milliseconds. */
  now?: () => number
}

interface Kept {
  /** The name of the key that began it; null: a link did. */
  key: string | null
  /** The name of the key that it ends with: of its own, or of whoever made the link; null: no key. */
  owner: string | null
  expires: number
}

interface Link {
  owner: string | null
  expires: number
}

const byLink: SessionGrant = { name: null, scope: 'admin', slots: null, priority: null }

const refused = (): Hal0Error =>
  new Hal0Error(
    'auth.required',
    'This key or link is not valid: it is wrong, was used or revoked, or has expired. Make another: hal0 open, or hal0 key create NAME',
  )

const remember = <T extends { owner: string | null }>(all: Map<string, T>, token: string, kept: T): void => {
  const own = [...all].flatMap(([hash, { owner }]) => (owner === kept.owner ? [hash] : []))
  const [oldest] = own.length >= mostOfOne ? own : all.size >= most ? all.keys() : []
  if (oldest !== undefined) all.delete(oldest)
  all.set(hashOf(token), kept)
}

export class Sessions {
  readonly #keys: SessionsDeps['keys']
  readonly #now: () => number
  readonly #sessions = new Map<string, Kept>()
  readonly #links = new Map<string, Link>()

  constructor({ keys, now = Date.now }: SessionsDeps) {
    this.#keys = keys
    this.#now = now
  }

  /** @throws Hal0Error `auth.required` for a wrong key or link, `request.invalid` unless there is exactly one of them */
  begin({ key, link }: { key?: string; link?: string }): { token: string; session: Session } {
    if ((key === undefined) === (link === undefined)) {
      throw new Hal0Error('request.invalid', 'Sign in with a key, or with a link: one of the two.', { param: 'key' })
    }
    const name = key === undefined ? null : this.#nameOf(key)
    const owner = name ?? this.#use(link ?? '')
    const token = randomToken()
    const expires = this.#now() + sessionMs
    remember(this.#sessions, token, { key: name, owner, expires })
    const { scope } = this.find(token) ?? byLink
    return { token, session: { name, scope, expires_at: new Date(expires).toISOString() } }
  }

  /** What the session with this token allows; null: there is none any more, or its key was revoked. */
  find(token: string): SessionGrant | null {
    const kept = this.#sessions.get(hashOf(token))
    if (kept === undefined || kept.expires <= this.#now()) return null
    const key = kept.owner === null ? null : this.#keys.named(kept.owner)
    if (kept.owner !== null && key === null) return null
    return kept.key === null ? byLink : key
  }

  end(token: string): void {
    this.#sessions.delete(hashOf(token))
  }

  /** Ends what began with the key of this name, and with the links that it made: a new key may get the name, and other rights. */
  endOf(key: string): void {
    for (const all of [this.#sessions, this.#links]) {
      for (const [hash, { owner }] of all) if (owner === key) all.delete(hash)
    }
  }

  /** @param owner the name of the key by which it is made; null: by none */
  makeLink(owner: string | null): SignInLink {
    const token = randomToken()
    const expires = this.#now() + linkMs
    remember(this.#links, token, { owner, expires })
    // Behind the #, it is in no log and in no Referer.
    return { path: `/sign-in#${token}`, expires_at: new Date(expires).toISOString() }
  }

  /** @returns whose link it was */
  #use(link: string): string | null {
    const hash = hashOf(link)
    const found = this.#links.get(hash)
    this.#links.delete(hash)
    if (found === undefined || found.expires <= this.#now()) throw refused()
    return found.owner
  }

  #nameOf(key: string): string {
    const found = this.#keys.find(key)
    if (found === null) throw refused()
    return found.name
  }
}
