/** The hub as this machine's settings and environment say. */
import { readFile } from 'node:fs/promises'
import { errnoOf, storageError } from '../system/storage-error.ts'
import { HubClient } from './hub/hub-client.ts'
import { type Env, hubEndpoints, hubToken, isHubOffline } from './hub/hub-settings.ts'

/** @throws Hal0Error `storage.failed` */
const readText = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw storageError(error, path, "read the hub's token")
  }
}

export interface Hub {
  hub: HubClient
  hasToken: () => Promise<boolean>
}

/**
 * @param tokenFile hal0's own, mode 0600; it wins over HF_TOKEN and the hub tools' file
 * @throws Hal0Error `config.invalid` for an address that is none
 */
export const openHub = (env: Env, mirrors: readonly string[], tokenFile: string): Hub => {
  const token = async () => hubToken(env, await readText(tokenFile), readText)
  const endpoints = hubEndpoints(
    env,
    mirrors.map((url) => ({ url })),
  )
  return {
    hub: new HubClient({ fetch, endpoints, token, offline: isHubOffline(env), now: Date.now }),
    hasToken: async () => (await token()) !== null,
  }
}
