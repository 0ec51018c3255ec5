/** A file, or the requested range of it, as a correct server sends it, unless a script says otherwise. */
import type { OriginReply } from './http-origin.ts'
import type { Misbehaviour } from './misbehaviour.ts'

/** [from, to) of `bytes=FROM-[LAST]` or `bytes=-N`; null: not a range that this server supports. */
const parseRange = (range: string | null, size: number): { from: number; to: number } | null => {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '') return { from: Math.max(0, size - Number(last)), to: size }
  return { from: Number(first), to: last === '' ? size : Math.min(Number(last) + 1, size) }
}

/** `content`, modified if the script wants that. Copied only in that case. */
const spoiled = (content: Uint8Array, how: Misbehaviour): Uint8Array => {
  const { corruptAt, shiftBytes } = how
  if (corruptAt === undefined && shiftBytes === undefined) return content
  const copy =
    shiftBytes === undefined
      ? new Uint8Array(content)
      : Buffer.concat([content.subarray(shiftBytes), content.subarray(0, shiftBytes)])
  if (corruptAt !== undefined && corruptAt < copy.length) copy[corruptAt] = (copy[corruptAt] as number) ^ 0xff
  return copy
}

export const rangedReply = (
  content: Uint8Array,
  range: string | null,
  headers: Record<string, string>,
  misbehaviour: Misbehaviour | null,
): OriginReply => {
  const how = misbehaviour ?? {}
  const size = content.length
  const etag = how.etag === undefined ? {} : { etag: `"${how.etag}"` }
  const common = { 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream', ...headers, ...etag }
  const part = how.ignoreRange === true ? null : parseRange(range, size)
  if (how.notSatisfiable === true || (part !== null && (part.from >= size || part.to <= part.from))) {
    return {
      status: 416,
      headers: { ...common, 'content-range': `bytes */${size}` },
      body: new Uint8Array(),
      misbehaviour: how,
    }
  }
  const bytes = spoiled(content, how)
  if (part === null) return { status: 200, headers: common, body: bytes, misbehaviour: how }
  const contentRange = how.contentRange ?? `bytes ${part.from}-${part.to - 1}/${size}`
  return {
    status: 206,
    headers: { ...common, 'content-range': contentRange },
    body: bytes.subarray(part.from, part.to),
    misbehaviour: how,
  }
}
