/** Opens the hub according to this machine's settings and environment. */

import type { TokenStore } from '../../../system/config/settings.ts'
import { readTextIfThere } from '../../../system/files/read-text.ts'
import type { HubDeps } from './hub-access.ts'
import { HubClient } from './hub-client.ts'
import { type Env, findHubToken, hubEndpoints, isHubOffline, sharedTokenPlaces } from './hub-settings.ts'
import { ownTokenPlaces, storeToken, tokenFileProblem } from './own-token.ts'

const readText = (path: string): Promise<string | null> => readTextIfThere(path, "read the hub's token")

/** Which hub is used: the arguments of `openHub` besides the environment. */
export interface HubPlace {
  mirrors: readonly string[]
  tokenFile: string
}

export interface Hub {
  hub: HubClient
  hasToken: () => Promise<boolean>
  token: TokenStore
  /** Switches to other mirrors, from the next request on. @throws Hal0Error `config.invalid` */
  useMirrors: (mirrors: readonly string[]) => void
  /** Why hal0's own token cannot be used, as a sentence; null if nothing is wrong with it. */
  problem: () => string | null
  /** Addresses of the hubs and mirrors in use. */
  endpoints: () => readonly string[]
  /** What another thread needs to open the same hub. */
  place: () => HubPlace
}

/**
 * @param tokenFile hal0's own, mode 0600; it wins over HF_TOKEN and the hub tools' file, but a credential of the unit wins over it
 * @throws Hal0Error `config.invalid` for an invalid address
 */
export const openHub = (env: Env, mirrors: readonly string[], tokenFile: string): Hub => {
  const places = [...ownTokenPlaces(tokenFile, env), ...sharedTokenPlaces(env, readText)]
  const token = async (): Promise<string | null> => {
    const found = await findHubToken(places)
    if (found === null) return null
    if ('problem' in found) throw found.problem
    return found.token
  }
  const endpointsOf = (urls: readonly string[]) =>
    hubEndpoints(
      env,
      urls.map((url) => ({ url })),
    )
  let place: HubPlace = { mirrors, tokenFile }
  let endpoints = endpointsOf(mirrors)
  const deps: HubDeps = {
    fetch,
    get endpoints() {
      return endpoints
    },
    token,
    offline: isHubOffline(env),
    now: Date.now,
  }
  return {
    hub: new HubClient(deps),
    hasToken: async () => (await token()) !== null,
    token: {
      store: (text) => storeToken(tokenFile, text),
      async look() {
        const found = await findHubToken(places)
        if (found === null) return { source: 'none', problem: null }
        return { source: found.source, problem: 'problem' in found ? found.problem.message : null }
      },
    },
    useMirrors(next) {
      endpoints = endpointsOf(next)
      place = { mirrors: next, tokenFile }
    },
    problem: () => tokenFileProblem(tokenFile),
    endpoints: () => endpoints.map(({ url }) => url),
    place: () => place,
  }
}
