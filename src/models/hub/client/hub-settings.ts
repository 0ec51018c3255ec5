/** The hub's address and token, and whether requests are allowed at all, from the variables of the hub's own tools and the settings. */
import { join } from 'node:path'
import type { TokenSource } from '../../../contract/settings.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { hubAddress, hubUrl } from '../../../lib/hub/hub-address.ts'

export type Env = Record<string, string | undefined>

/** A hub or a mirror of it. */
export interface Endpoint {
  /** http or https, without a trailing slash; may have a path. */
  url: string
  /** Whether the hub's token is sent to it. */
  takesToken: boolean
}

/** One entry of the settings' list of mirrors. */
export interface Mirror {
  url: string
  /** Also send the token there; false by default, since a third party's mirror must not get the hub's token. */
  takesToken?: boolean
}

const set = (value: string | undefined): value is string => value !== undefined && value.trim() !== ''

const invalid = (message: string): Hal0Error => new Hal0Error('config.invalid', message)

/** Advice for an invalid address. */
const mended: Record<string, string> = {
  'is not an http or https address': `Correct it, e.g. ${hubUrl}`,
  'holds a user name or password': 'Remove them; a token is given with: hal0 config token',
  'has a query': 'Give the address without it.',
}

/** The address may contain credentials, so no error message repeats it. */
const endpointUrl = (text: string, what: string): string => {
  const address = hubAddress(text)
  if ('url' in address) return address.url
  throw invalid(`${what} ${address.problem}. ${mended[address.problem] ?? 'Correct it.'}`)
}

/**
 * The endpoints to ask, in order: only `HF_ENDPOINT` if it is set, else the mirrors, else the hub.
 * @throws Hal0Error `config.invalid`
 */
export const hubEndpoints = (env: Env, mirrors: readonly Mirror[]): Endpoint[] => {
  // With HF_ENDPOINT set, the token is meant for it: the hub's own tools do the same.
  if (set(env.HF_ENDPOINT)) return [{ url: endpointUrl(env.HF_ENDPOINT, 'HF_ENDPOINT'), takesToken: true }]
  if (mirrors.length === 0) return [{ url: hubUrl, takesToken: true }]
  return mirrors.map((mirror, index) => {
    const url = endpointUrl(mirror.url, `Entry ${index + 1} of the list of mirrors`)
    return { url, takesToken: mirror.takesToken === true || new URL(url).origin === hubUrl }
  })
}

/** Whether `HF_HUB_OFFLINE` has one of the values that the hub's own tools accept as yes. */
export const isHubOffline = (env: Env): boolean => /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE?.trim() ?? '')

/** Path of the token file of the hub's own tools; null without a home folder. */
export const tokenFile = (env: Env): string | null => {
  const home = set(env.HOME) ? env.HOME : null
  const expand = (path: string): string => (home === null ? path : path.replace(/^~(?=\/|$)/, home))
  if (set(env.HF_TOKEN_PATH)) return expand(env.HF_TOKEN_PATH)
  if (set(env.HF_HOME)) return join(expand(env.HF_HOME), 'token')
  if (set(env.XDG_CACHE_HOME)) return join(expand(env.XDG_CACHE_HOME), 'huggingface/token')
  return home === null ? null : join(home, '.cache/huggingface/token')
}

/** Resolves to null if there is no such file. */
export type ReadText = (path: string) => Promise<string | null>

/** One of the places where a token may be. */
export interface TokenPlace {
  source: Exclude<TokenSource, 'none'>
  /** Its name in messages. */
  name: string
  /** @returns null if it has no token. @throws Hal0Error that says why it cannot be read */
  read: () => Promise<string | null>
}

/** A token, or why the one that takes precedence cannot be used. */
export type FoundToken = { source: TokenPlace['source'] } & ({ token: string } | { problem: Hal0Error })

/** `HF_TOKEN` and the token file of the hub's own tools, in order of precedence. */
export const sharedTokenPlaces = (env: Env, readText: ReadText): TokenPlace[] => {
  const path = tokenFile(env)
  return [
    { source: 'environment', name: 'HF_TOKEN', read: async () => env.HF_TOKEN ?? null },
    ...(path === null ? [] : [{ source: 'hub tools' as const, name: path, read: () => readText(path) }]),
  ]
}

/**
 * The token of the first place that has one; null if none has. Call it for each use: people log in while hal0 runs.
 * @throws errors other than Hal0Error
 */
export const findHubToken = async (places: readonly TokenPlace[]): Promise<FoundToken | null> => {
  for (const { source, name, read } of places) {
    try {
      const text = await read()
      if (text === null || !set(text)) continue
      const token = text.trim()
      // If it does not fit into a header, `fetch` would throw an error with the token in its message.
      if (/^[\x21-\x7e]+$/.test(token)) return { source, token }
      throw invalid(`The token in ${name} has blanks, or characters that cannot be in a token. Correct it.`)
    } catch (error) {
      if (!(error instanceof Hal0Error)) throw error
      return { source, problem: error }
    }
  }
  return null
}
