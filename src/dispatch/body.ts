/** Reads the body of a request within a limit. */
import { requireIdentity } from '../lib/content-encoding.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import { readBytes } from '../lib/request-bytes.ts'

export const defaultMaxBodyBytes = 64 * 1024 * 1024

const tooLarge = (limit: number): Hal0Error =>
  new Hal0Error(
    'request.too_large',
    `The body is larger than the ${Math.floor((limit / 1024 / 1024) * 1000) / 1000} MiB that this server takes. Send less, or raise max_body_mb in hal0.toml.`,
    { details: { limit_bytes: limit } },
  )

/** `application/json` and `application/…+json`, with or without parameters. */
const isJson = (contentType: string): boolean => {
  if (contentType === 'application/json') return true
  const semicolon = contentType.indexOf(';')
  const type = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'))
}

/** @throws Hal0Error `request.invalid`, `request.unsupported` with status 415 */
export const requireJson = (headers: Headers): void => {
  requireIdentity(headers)
  const type = headers.get('content-type')
  if (type !== null && isJson(type)) return
  const found = type === null || type === '' ? 'has none' : `says "${type}"`
  throw new Hal0Error('request.invalid', `The Content-Type must be application/json, but the request ${found}.`, {
    param: 'content-type',
    status: 415,
  })
}

/**
 * The bytes of the body, as they came.
 * @param limit bytes
 * @throws Hal0Error `request.too_large`; whatever Bun throws when the client goes
 */
export const readBody = (request: Request, limit: number): Promise<Uint8Array> =>
  readBytes(request, limit, () => tooLarge(limit))
