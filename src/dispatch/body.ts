/** Reads the body of a request within a limit. */
import { requireIdentity } from '../lib/content-encoding.ts'
import { Hal0Error } from '../lib/hal0-error.ts'
import type { IncomingBody } from '../lib/http/incoming.ts'
import type { WireHeaders } from '../lib/http/wire-headers.ts'

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
export const requireJson = (headers: WireHeaders): void => {
  requireIdentity(headers)
  const type = headers.get('content-type')
  if (type !== null && isJson(type)) return
  const found = type === null || type === '' ? 'has none' : `says "${type}"`
  throw new Hal0Error('request.invalid', `The Content-Type must be application/json, but the request ${found}.`, {
    param: 'content-type',
    status: 415,
  })
}

const readPieces = async (body: IncomingBody, limit: number): Promise<Uint8Array> => {
  const pieces: Buffer[] = []
  let size = 0
  for (let piece = await body.next(); piece !== null; piece = await body.next()) {
    size += piece.length
    if (size > limit) throw tooLarge(limit)
    pieces.push(piece)
  }
  return Buffer.concat(pieces, size)
}

/**
 * The bytes of the body, as they came. One whose length tells that it is too large is refused before it is taken in.
 * @param limit bytes
 * @returns at once what is here already
 * @throws Hal0Error `request.too_large`; what the client's connection says when it ends (rejects, or throws when synchronous)
 */
export const readBody = (body: IncomingBody, limit: number): Uint8Array | Promise<Uint8Array> => {
  if (body.length !== null && body.length > limit) throw tooLarge(limit)
  const whole = body.whole()
  if (whole === null) return readPieces(body, limit)
  if (whole.length > limit) throw tooLarge(limit)
  return whole
}
