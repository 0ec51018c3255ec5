/** Turns an unsuccessful answer of the hub into an error. Pure. */
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { hubUrl } from '../../../lib/hub/hub-address.ts'
import { retryAfterS } from './hub-headers.ts'

/** What was requested. */
export interface HubQuery {
  /** null: a search. */
  repo: string | null
  revision: string | null
  path: string | null
  /** The token that was sent; used to keep it out of the hub's message, and to choose the right advice. */
  token: string | null
  /** The scheme://host[:port] that answered. */
  origin: string
  /** False for the storage that the hub redirects to: its 401, 403 and 404 are about the address, not about a repository. */
  isHub: boolean
}

/** The hub's own message, made safe for a terminal; null if there is none, or if it would reveal the token. */
const hubSentence = (headers: Headers, token: string | null): string | null => {
  const text = (headers.get('x-error-message') ?? '').replaceAll(/\p{Cc}+/gu, ' ').trim()
  if (text === '' || (token !== null && text.includes(token))) return null
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** "the file F of OWNER/REPO at REVISION" */
const thing = ({ repo, path, revision }: HubQuery): string =>
  `${path === null ? '' : `${path} of `}${repo ?? 'the search'}${revision === null ? '' : ` at ${revision}`}`

/** @param details additional facts for programs */
export const gatedRepository = (repo: string, hasToken: boolean, details: Record<string, unknown> = {}): Hal0Error => {
  const page = `${hubUrl}/${repo}`
  const next = hasToken
    ? 'The account of the token that hal0 has is not on the list: ask for access there, then try again.'
    : 'Ask for access there, then give hal0 a token of that account: hal0 config token'
  const sentence = `${repo} is gated: its owner grants access on ${page}. ${next}`
  return new Hal0Error('pull.gated', sentence, { details: { repo, ...details, page } })
}

const unauthorized = (asked: HubQuery, status: number, said: string, details: Record<string, unknown>): Hal0Error => {
  const sentence =
    asked.token === null
      ? `The hub does not show ${thing(asked)} without a token. It is misspelt or private; for a private one, give hal0 a token that may read it: hal0 config token`
      : status === 401
        ? `The hub does not accept the token for ${thing(asked)}. Check the spelling of the repository, or give another token: hal0 config token`
        : `The hub refuses ${thing(asked)} to the account of the token.${said} Check what the token may do.`
  return new Hal0Error('pull.unauthorized', sentence, { details })
}

const notFound = (asked: HubQuery, code: string | null, details: Record<string, unknown>): Hal0Error => {
  const { repo, path, revision } = asked
  const sentence =
    code === 'RevisionNotFound'
      ? `${repo} has no revision ${revision ?? 'of that name'}. Leave it out for the newest one.`
      : code === 'EntryNotFound' && path !== null
        ? `${repo} has no file ${path}${revision === null ? '' : ` at ${revision}`}. Look at its files: ${hubUrl}/${repo}/tree/main`
        : `The hub has no ${thing(asked)}. Check the spelling; a private repository needs a token that may read it.`
  return new Hal0Error('pull.not_found', sentence, { details })
}

/**
 * @param status of the answer; neither 2xx nor a redirect
 * @param nowMs for a Retry-After that is a date
 */
export const hubError = (status: number, headers: Headers, asked: HubQuery, nowMs: number): Hal0Error => {
  const code = headers.get('x-error-code')
  const waitS = retryAfterS(headers, nowMs)
  const sentence = hubSentence(headers, asked.token)
  const said = sentence === null ? '' : ` It says: ${sentence.replace(/[.!]?$/, '.')}`
  const details: Record<string, unknown> = { status, origin: asked.origin }
  if (asked.repo !== null) details.repo = asked.repo
  if (asked.revision !== null) details.revision = asked.revision
  if (asked.path !== null) details.path = asked.path
  if (sentence !== null) details.hub = sentence

  if (status === 429) {
    const wait = waitS ?? 30
    return new Hal0Error(
      'pull.rate_limited',
      `${asked.origin} limits how often it may be asked and says to wait ${wait} s.${asked.token === null ? ' With a token (hal0 config token) the limit is higher.' : ''}`,
      {
        details: { ...details, retry_after_s: wait, retry_at: new Date(nowMs + wait * 1000).toISOString() },
        retryAfterS: wait,
      },
    )
  }
  if (asked.isHub && asked.repo !== null) {
    if ((status === 401 || status === 403) && code === 'GatedRepo')
      return gatedRepository(asked.repo, asked.token !== null, details)
    if (code === 'RepoNotFound' || code === 'EntryNotFound' || code === 'RevisionNotFound' || status === 404) {
      return notFound(asked, code, details)
    }
  }
  if (asked.isHub && (status === 401 || status === 403)) return unauthorized(asked, status, said, details)
  if (waitS !== null) details.retry_after_s = waitS
  const advice = status === 408 || status >= 500 ? 'Try again later.' : 'Check HF_ENDPOINT, the mirrors and the proxy.'
  return new Hal0Error(
    'pull.network',
    `${asked.origin} answered HTTP ${status} for ${thing(asked)}.${said} ${advice}`,
    {
      details,
    },
  )
}

/**
 * The error for an answer that did not come, or that cannot be from the hub.
 * @param origin scheme://host[:port]; never a whole address, since the storage's addresses are signed
 * @param why continues the sentence: "could not be reached"
 */
export const unreachable = (origin: string, why: string, error?: unknown): Hal0Error =>
  new Hal0Error('pull.network', `${origin} ${why}. Check the network, HF_ENDPOINT and the proxy, then try again.`, {
    details: { origin },
    cause: withoutAddress(error),
  })

/** Bun's network errors contain the whole address as `path`, which must not get into the log. */
const withoutAddress = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const { code } = error as { code?: unknown }
  return new Error(typeof code === 'string' ? `${code}: ${error.message}` : error.message)
}
