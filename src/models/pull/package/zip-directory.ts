/** Finds one member of a zip archive, and where its bytes are. Archives of 4 GB and more (zip64) are not read. */
import type { FileHandle } from 'node:fs/promises'

/** A member, compressed or not. */
export interface ZipMember {
  /** First byte of its data in the archive. */
  at: number
  /** Bytes of its data in the archive. */
  packed: number
  /** Bytes that it says it has when it is unpacked. */
  size: number
  compressed: boolean
}

/** The archive cannot be used; the message continues a sentence after "the archive". */
export class BadZip extends Error {}

const endSignature = 0x06054b50
const entrySignature = 0x02014b50
const localSignature = 0x04034b50
const [endBytes, entryBytes, localBytes] = [22, 46, 30]
/** A comment at the end of an archive has at most this many bytes. */
const longestComment = 0xffff
/** A directory of a hundred thousand members is shorter. */
const longestDirectory = 16 * 1024 * 1024
const encrypted = 1
const [stored, deflated] = [0, 8]
const isZip64 = (figure: number): boolean => figure === 0xffffffff || figure === 0xffff

const readAt = async (file: FileHandle, at: number, length: number): Promise<Buffer> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at)
  if (bytesRead < length) throw new BadZip('ends too early')
  return buffer
}

/** The bytes of the directory, and where it begins. */
const readDirectory = async (file: FileHandle, size: number): Promise<{ bytes: Buffer; at: number }> => {
  if (size < endBytes) throw new BadZip('is no zip file')
  const length = Math.min(size, endBytes + longestComment)
  const tail = await readAt(file, size - length, length)
  for (let at = length - endBytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== endSignature || at + endBytes + tail.readUInt16LE(at + 20) !== length) continue
    const bytes = tail.readUInt32LE(at + 12)
    const begin = tail.readUInt32LE(at + 16)
    if (isZip64(bytes) || isZip64(begin)) throw new BadZip('is in a form (zip64) that hal0 does not read')
    if (bytes > longestDirectory || begin + bytes > size - length + at) throw new BadZip('has a damaged directory')
    return { bytes: await readAt(file, begin, bytes), at: begin }
  }
  throw new BadZip('is no zip file')
}

/**
 * @param name exactly as in the archive's directory; it is compared only, and never becomes a path
 * @param size of the archive, bytes
 * @throws BadZip also if the archive has no such member, or several
 */
export const findMember = async (file: FileHandle, size: number, name: string): Promise<ZipMember> => {
  const { bytes, at: directory } = await readDirectory(file, size)
  const wanted = Buffer.from(name)
  const found: { entry: Buffer; local: number }[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + entryBytes > bytes.length || bytes.readUInt32LE(at) !== entrySignature) {
      throw new BadZip('has a damaged directory')
    }
    const entry = bytes.subarray(at, at + entryBytes)
    const names = entry.readUInt16LE(28)
    const own = bytes.subarray(at + entryBytes, at + entryBytes + names)
    if (own.equals(wanted)) found.push({ entry, local: entry.readUInt32LE(42) })
    at += entryBytes + names + entry.readUInt16LE(30) + entry.readUInt16LE(32)
  }
  const [only, ...others] = found
  if (only === undefined) throw new BadZip(`has no ${name}`)
  if (others.length > 0) throw new BadZip(`has ${name} several times`)
  const { entry, local } = only
  const [method, packed, unpacked] = [entry.readUInt16LE(10), entry.readUInt32LE(20), entry.readUInt32LE(24)]
  if ((entry.readUInt16LE(8) & encrypted) !== 0) throw new BadZip('is encrypted')
  if (isZip64(packed) || isZip64(unpacked) || isZip64(local)) {
    throw new BadZip('is in a form (zip64) that hal0 does not read')
  }
  if (method !== stored && method !== deflated)
    throw new BadZip(`is compressed in a way (${method}) that hal0 does not read`)
  if (local + localBytes > directory) throw new BadZip('has a damaged directory')
  const head = await readAt(file, local, localBytes)
  const begin = local + localBytes + head.readUInt16LE(26) + head.readUInt16LE(28)
  if (head.readUInt32LE(0) !== localSignature || begin + packed > directory) throw new BadZip('has a damaged directory')
  return { at: begin, packed, size: unpacked, compressed: method === deflated }
}
