/** A member of an archive on the disk as an origin: unpacking is a download from it, with the same checks and the same files. */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createInflateRaw } from 'node:zlib'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { Origin, RemoteFile } from '../origin/origin.ts'
import { diskError } from '../staging/disk-error.ts'
import { BadZip, findMember, type ZipMember } from './zip-directory.ts'

/** Bytes that are unpacked at a time. */
const chunkBytes = 256 * 1024

const memberOf = async (archive: string, name: string): Promise<ZipMember> => {
  const file = await open(archive, 'r').catch((error: unknown) => {
    throw diskError(error, archive, 'open what was downloaded')
  })
  try {
    return await findMember(file, (await file.stat()).size, name)
  } finally {
    await file.close()
  }
}

/** The member's bytes, unpacked as they are read: whoever reads stops at the size that the file may have, whatever else follows. */
const unpacked = (archive: string, { at, packed, compressed }: ZipMember, signal: AbortSignal): Readable => {
  const raw = createReadStream(archive, { start: at, end: at + packed - 1, highWaterMark: chunkBytes, signal })
  if (!compressed) return raw
  const inflate = createInflateRaw({ chunkSize: chunkBytes })
  raw.on('error', (error) => inflate.destroy(error))
  // What nobody reads any more must not keep the archive open.
  inflate.on('close', () => raw.destroy())
  return raw.pipe(inflate)
}

/** The archive is verified, so another try would find the same. */
export const unusableArchive = (archive: string, why: string, cause?: unknown): Hal0Error =>
  new Hal0Error(
    'model.invalid_file',
    `The archive ${archive} cannot be used: it ${why}. What was fetched is discarded; report this to whoever named that package.`,
    { details: { archive, reason: why }, cause },
  )

/**
 * It always answers with the whole file, as a server that ignores Range.
 * @param archive its path
 * @param name of the archive, for sentences
 */
export const memberOrigin = (archive: string, name: string, { path, size }: RemoteFile): Origin => ({
  async open(_path, _from, _to, signal) {
    const member = await memberOf(archive, path).catch((error: unknown) => {
      if (error instanceof BadZip) throw unusableArchive(name, error.message, error)
      throw error
    })
    if (member.size !== size)
      throw unusableArchive(name, `says that ${path} has ${member.size} bytes instead of ${size}`)
    // Node's type of a web stream is not the one that fetch has.
    const body = Readable.toWeb(unpacked(archive, member, signal)) as unknown as ReadableStream<Uint8Array>
    return { status: 200, contentRange: null, contentLength: size, contentEncoding: null, etag: null, body }
  },
})
