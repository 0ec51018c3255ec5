/** What the content type of a body says. Pure. */
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { WireHeaders } from '../../lib/http/wire-headers.ts'

const wrongType = (wanted: string, type: string | null): Hal0Error => {
  const found = type === null || type === '' ? 'has none' : `says "${bounded(type, 100)}"`
  return new Hal0Error('request.invalid', `The Content-Type must be ${wanted}, but the request ${found}.`, {
    param: 'content-type',
    status: 415,
  })
}

/** `application/json` and `application/…+json`, with or without parameters. */
export const isJson = (contentType: string): boolean =>
  contentType === 'application/json' || /^application\/(?:[^;,\s]+\+)?json\s*(?:;|$)/i.test(contentType)

/** RFC 2046 allows 70 characters. */
const form = /^\s*multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i

/** The delimiter of a form's parts. @throws Hal0Error `request.invalid` with status 415 */
export const boundaryOf = (headers: WireHeaders): string => {
  const type = headers.get('content-type')
  const [, quoted, plain] = form.exec(type ?? '') ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) throw wrongType('multipart/form-data with a boundary', type)
  return boundary
}
