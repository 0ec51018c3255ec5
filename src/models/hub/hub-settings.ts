/** Where the hub is, with which token, and whether it may be asked at all: the variables of the hub's own tools, and settings. */
import { join } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'

export type Env = Record<string, string | undefined>

/** A hub or a mirror of it. */
export interface Endpoint {
  /** http or https, without a slash at its end; may have a path. */
  url: string
  /** Whether the hub's token is sent to it. */
  takesToken: boolean
}

/** One entry of the settings' list of mirrors. */
export interface Mirror {
  url: string
  /** Send the token there too; false by default: a token of the hub is nothing for a mirror of strangers. */
  takesToken?: boolean
}

export const hubUrl = 'https://huggingface.co'

const set = (value: string | undefined): value is string => value !== undefined && value.trim() !== ''

const invalid = (message: string): Hal0Error => new Hal0Error('config.invalid', message)

/** The address may hold credentials, so no sentence repeats it. */
const endpointUrl = (text: string, what: string): string => {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid(`${what} is no http or https address. Correct it, e.g. ${hubUrl}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(`${what} holds a user name or password. Remove them; a token goes into HF_TOKEN.`)
  }
  if (url.search !== '' || url.hash !== '') throw invalid(`${what} has a query. Give the address without it.`)
  return url.href.replace(/\/+$/, '')
}

/**
 * What is asked, in this order: `HF_ENDPOINT` alone, else the mirrors, else the hub.
 * @throws Hal0Error `config.invalid`
 */
export const hubEndpoints = (env: Env, mirrors: readonly Mirror[]): Endpoint[] => {
  // Whoever sets HF_ENDPOINT means the token for it: that is how the hub's own tools take it.
  if (set(env.HF_ENDPOINT)) return [{ url: endpointUrl(env.HF_ENDPOINT, 'HF_ENDPOINT'), takesToken: true }]
  if (mirrors.length === 0) return [{ url: hubUrl, takesToken: true }]
  return mirrors.map((mirror, index) => {
    const url = endpointUrl(mirror.url, `Entry ${index + 1} of the list of mirrors`)
    return { url, takesToken: mirror.takesToken === true || new URL(url).origin === hubUrl }
  })
}

/** `HF_HUB_OFFLINE`, in the notations that the hub's own tools take for yes. */
export const isHubOffline = (env: Env): boolean => /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE?.trim() ?? '')

/** Path of the token file of the hub's own tools; null without a home. */
export const tokenFile = (env: Env): string | null => {
  const home = set(env.HOME) ? env.HOME : null
  const expand = (path: string): string => (home === null ? path : path.replace(/^~(?=\/|$)/, home))
  if (set(env.HF_TOKEN_PATH)) return expand(env.HF_TOKEN_PATH)
  if (set(env.HF_HOME)) return join(expand(env.HF_HOME), 'token')
  if (set(env.XDG_CACHE_HOME)) return join(expand(env.XDG_CACHE_HOME), 'huggingface/token')
  return home === null ? null : join(home, '.cache/huggingface/token')
}

/** null: no such file. */
export type ReadText = (path: string) => Promise<string | null>

/**
 * The token, in this order: the one given, `HF_TOKEN`, the file of the hub's own tools. Ask at each use: people log in while
 * hal0 runs.
 * @throws Hal0Error `config.invalid` for what cannot be a token; what `readText` throws
 */
export const hubToken = async (env: Env, given: string | null, readText: ReadText): Promise<string | null> => {
  const checked = (text: string, where: string): string => {
    const token = text.trim()
    // What does not fit into a header would make `fetch` complain with the token in its message.
    if (/^[\x21-\x7e]+$/.test(token)) return token
    throw invalid(`The token in ${where} has blanks or characters that no token has. Correct it.`)
  }
  if (given !== null && set(given)) return checked(given, 'the settings of hal0')
  if (set(env.HF_TOKEN)) return checked(env.HF_TOKEN, 'HF_TOKEN')
  const path = tokenFile(env)
  const text = path === null ? null : await readText(path)
  return path === null || text === null || !set(text) ? null : checked(text, path)
}
