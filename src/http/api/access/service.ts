/** What the HTTP layer needs to know about who may do what. */
import type { Access } from '../../../access/access.ts'
import { isMeantAsKey } from '../../../access/keys/secret.ts'
import type { Key, KeyCreate, KeyMade } from '../../../contract/access/keys.ts'
import type { Session, SignIn, SignInLink } from '../../../contract/access/session.ts'
import type { Hal0Error } from '../../../lib/hal0-error.ts'
import type { ServerSettings } from '../../../system/config/server-config.ts'
import type { ListenAdvice } from '../../../system/listen-advice.ts'
import { machineNames, ownNames } from '../../../system/own-names.ts'
import { type FindCaller, findCallerBy } from '../../gate/callers.ts'

export interface KeyService {
  list(): Key[]
  /** @throws Hal0Error `key.exists`, `request.invalid` */
  create(wanted: KeyCreate): Promise<KeyMade>
  /** @throws Hal0Error `key.not_found` */
  revoke(name: string): Promise<void>
}

export interface SessionService {
  /** @throws Hal0Error `auth.required`, `request.invalid` */
  begin(shown: SignIn): { token: string; session: Session }
  end(token: string): void
  /** @param owner the name of the key by which it is made; null: by none */
  makeLink(owner: string | null): SignInLink
}

/** What counts the requests of keys. */
export interface KeyMeter {
  /** A request has shown the key. */
  seen(key: string): void
  /** Counts a request for inference. @returns why the key's limits refuse it; null: they do not */
  admit(key: string): Hal0Error | null
}

export interface AccessService {
  findCaller: FindCaller
  /** See GateConfig. */
  ownNames: () => readonly string[]
  /** See Cors. */
  corsOrigins: readonly string[]
  keys: KeyService
  sessions: SessionService
  meter: KeyMeter
}

/** The daemon's own. @param settings of hal0.toml @param advice how the daemon runs here */
export const accessService = (
  access: Access,
  { host, auth, behindProxy, corsOrigins }: Pick<ServerSettings, 'host' | 'auth' | 'behindProxy' | 'corsOrigins'>,
  { local }: Pick<ListenAdvice, 'local'>,
): AccessService => ({
  findCaller: findCallerBy({
    auth,
    local,
    proxies: behindProxy,
    keyOf: (secret) => access.keyOf(secret),
    sessionOf: (token) => access.sessions.find(token),
    isMeantAsKey,
  }),
  ownNames: () => ownNames(host, machineNames()),
  corsOrigins,
  keys: access.keys,
  sessions: access.sessions,
  meter: access.meter,
})
