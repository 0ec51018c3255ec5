/** Makes zip archives, right ones and wrong ones. */
import { deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  name: string
  content: Uint8Array
  /** Default: deflated. */
  stored?: boolean
  /** What the archive says about the member instead of the truth. */
  says?: { size?: number; packed?: number; method?: number; flags?: number; local?: number }
  /** Instead of the content's own data. */
  packed?: Uint8Array
}

const number = (value: number, bytes: 2 | 4): Buffer => {
  const buffer = Buffer.alloc(bytes)
  if (bytes === 2) buffer.writeUInt16LE(value)
  else buffer.writeUInt32LE(value)
  return buffer
}
const shorts = (...values: number[]): Buffer => Buffer.concat(values.map((one) => number(one, 2)))
const longs = (...values: number[]): Buffer => Buffer.concat(values.map((one) => number(one, 4)))

/** @param comment at the end of the archive */
export const zipOf = (entries: readonly ZipEntry[], comment = ''): Uint8Array<ArrayBuffer> => {
  const local: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, content, stored = false, says = {}, packed } of entries) {
    const data = packed ?? (stored ? content : deflateRawSync(content))
    const { size = content.length, packed: length = data.length, method = stored ? 0 : 8, flags = 0 } = says
    const bytes = Buffer.from(name)
    const facts = Buffer.concat([
      shorts(20, flags, method, 0, 0),
      longs(Bun.hash.crc32(content), length, size),
      shorts(bytes.length, 0),
    ])
    const head = Buffer.concat([longs(0x04034b50), facts, bytes])
    local.push(head, Buffer.from(data))
    directory.push(longs(0x02014b50), shorts(20), facts, shorts(0, 0, 0), longs(0, says.local ?? at), bytes)
    at += head.length + data.length
  }
  const list = Buffer.concat(directory)
  const end = [longs(0x06054b50), shorts(0, 0, entries.length, entries.length), longs(list.length, at)]
  return new Uint8Array(Buffer.concat([...local, list, ...end, shorts(comment.length), Buffer.from(comment)]))
}
