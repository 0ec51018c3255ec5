/** sha256 of model files, in pieces that let the event loop run: files have gigabytes. Sidecars are in the format of `sha256sum`. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { turn } from '../../lib/clock.ts'
import { writeFileAtomic } from '../../system/files/atomic-file.ts'
import { readTextIfThere } from '../../system/files/read-text.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'

/** One piece blocks the event loop for about a quarter of a millisecond (1 GB/s). */
const pieceBytes = 256 * 1024

export interface Digest {
  /** 64 hexadecimal digits. */
  sha256: string
  bytes: number
}

const writeAll = async (file: FileHandle, piece: Buffer): Promise<void> => {
  for (let done = 0; done < piece.length; ) done += (await file.write(piece, done, piece.length - done)).bytesWritten
}

/** The pieces of a file, in order. While one is processed, another thread reads the next. A piece is valid until the next is taken. */
async function* piecesOf(source: FileHandle): AsyncGenerator<Buffer> {
  let [buffer, other] = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)]
  let at = 0
  const read = () => {
    const next = source.read(buffer, 0, pieceBytes, at)
    next.catch(() => {
      // The failure is thrown where it is awaited; until then it must not count as unhandled.
    })
    return next
  }
  let reading = read()
  try {
    for (;;) {
      const { bytesRead } = await reading
      if (bytesRead === 0) return
      const piece = buffer.subarray(0, bytesRead)
      at += bytesRead
      ;[buffer, other] = [other, buffer]
      reading = read()
      yield piece
      // If the read is already done, this would continue in the same turn, and so would the next one: nothing else would run.
      await turn()
    }
  } finally {
    // The file must not be closed during a read.
    await Promise.allSettled([reading])
  }
}

interface HashOptions {
  /** Stops the hashing before the next piece. */
  signal?: AbortSignal
  /** Called after each piece with the number of bytes hashed so far. */
  onBytes?(bytes: number): void
}

const digest = async (source: FileHandle, copy: FileHandle | null, options: HashOptions): Promise<Digest> => {
  const hasher = new Bun.CryptoHasher('sha256')
  let bytes = 0
  for await (const piece of piecesOf(source)) {
    options.signal?.throwIfAborted()
    // The write runs on another thread while this one hashes.
    const written = copy === null ? null : writeAll(copy, piece)
    hasher.update(piece)
    await written
    bytes += piece.length
    options.onBytes?.(bytes)
  }
  return { sha256: hasher.digest('hex'), bytes }
}

/** @throws the system's error when the file cannot be read; the signal's reason once it aborted */
export const hashFile = async (path: string, options: HashOptions = {}): Promise<Digest> => {
  const file = await open(path, 'r')
  try {
    return await digest(file, null, options)
  } finally {
    await file.close()
  }
}

/**
 * Copies `from` to the new file `to`, hashing what it writes; the copy is durable when this resolves.
 * @throws Hal0Error `storage.full`, `storage.failed`
 */
export const copyHashing = async (from: string, to: string): Promise<Digest> => {
  let failing = from
  try {
    const source = await open(from, 'r')
    try {
      failing = to
      const copy = await open(to, 'wx', 0o644)
      try {
        const result = await digest(source, copy, {})
        await copy.sync()
        return result
      } finally {
        await copy.close()
      }
    } finally {
      await source.close()
    }
  } catch (error) {
    throw storageError(error, failing, `copy ${from}`)
  }
}

/** `<hex>  <file>`, as `sha256sum -c` reads it in the file's folder. The name must not need escaping (backslash, newline). */
const sidecarLine = /^([0-9a-f]{64}) [ *](.+)\n?$/

export const sidecarPath = (path: string): string => `${path}.sha256`

/** @throws Hal0Error `storage.full`, `storage.failed` */
export const writeSidecar = (path: string, sha256: string): Promise<void> =>
  writeFileAtomic(sidecarPath(path), `${sha256}  ${basename(path)}\n`, `write the checksum of ${basename(path)}`)

/** The checksum in the sidecar of `path`; null if there is none, or if it names another file. */
export const readSidecar = async (path: string): Promise<string | null> => {
  const match = sidecarLine.exec((await readTextIfThere(sidecarPath(path), 'read a checksum')) ?? '')
  return match !== null && match[2] === basename(path) ? (match[1] ?? null) : null
}

/**
 * Whether a file is still as it was verified, without reading its gigabytes: it has its size, its sidecar has its sum, and it was not
 * written after its sidecar. hal0 writes the sidecar once the file is complete, so whoever changes the file later makes it the newer one.
 * Whoever sets the time back as well is only found out by `hal0 model verify`, which hashes.
 * @returns false too if one of them does not exist
 */
export const isAsVerified = async (
  path: string,
  { size, sha256 }: { size: number; sha256: string },
): Promise<boolean> => {
  try {
    const [file, sidecar] = await Promise.all([stat(path), stat(sidecarPath(path))])
    if (!file.isFile() || file.size !== size || file.mtimeMs > sidecar.mtimeMs) return false
    return (await readSidecar(path)) === sha256
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}
