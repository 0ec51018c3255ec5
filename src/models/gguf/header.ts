/**
 * The header of a GGUF file: metadata and tensor table, as described in llama.cpp's `ggml/include/gguf.h`. Reads only the header, in
 * chunks. A file that is damaged or cut off anywhere, even in the tensor data, is refused.
 */
import { open } from 'node:fs/promises'
import { storageError } from '../../system/files/storage-error.ts'
import { type Attention, attentionKeys, attentionOf, type Metadata } from './attention.ts'
import { type ByteSource, cutShort, GgufCursor, HeaderIncomplete, invalidFile } from './cursor.ts'
import { readTensors, type TensorTable } from './tensors.ts'

export interface GgufHeader extends TensorTable {
  version: number
  /** `general.architecture`, e.g. "llama". */
  architecture: string | null
  /** `general.name`. */
  name: string | null
  /** `general.type`: "model", "adapter", "imatrix", … */
  type: string | null
  /** `general.file_type`, `enum llama_ftype`. */
  fileType: number | null
  /** `<architecture>.context_length`, tokens. */
  contextLength: number | null
  /** `<architecture>.pooling_type`, `enum llama_pooling_type`. */
  poolingType: number | null
  attention: Attention
  /** `<architecture>.embedding_length`. */
  embeddingLength: number | null
  /** For a projector: `clip.vision.projection_dim`, else the audio one. */
  projectionDim: number | null
  /** `split.no` (from 0) and `split.count` of a shard. */
  splitNo: number | null
  splitCount: number | null
  tensors: number
}

const magicNumber = 0x46554747
const stringType = 8
const arrayType = 9
const float32Type = 6
/** Value types by number. Signed types are read as unsigned: none of the wanted keys may be negative. */
const integerBytes: ReadonlyMap<number, 1 | 2 | 4 | 8> = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [10, 8],
  [11, 8],
] as const)
/** f32, bool, f64. */
const otherBytes: ReadonlyMap<number, number> = new Map([
  [6, 4],
  [7, 1],
  [12, 8],
])

const limits = {
  entries: 65_536,
  keyBytes: 65_535,
  textBytes: 65_536,
  arrayItems: 2 ** 24,
  wantedItems: 4096,
  tensors: 2 ** 18,
}
/** The wanted keys; all other metadata is skipped. */
const wanted =
  /^(?:general\.(?:architecture|name|type|file_type|alignment)|adapter\.type|split\.(?:no|count)|.+\.(?:context_length|pooling_type|embedding_length|projection_dim))$/

/**
 * Reads and checks the header of the file at `path`.
 * @throws Hal0Error `model.invalid_file` with what is wrong and at which byte; `storage.failed`
 */
export const readGgufHeader = async (path: string): Promise<GgufHeader> => {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw storageError(error, path, 'open a model')
  })
  try {
    const { size } = await file.stat()
    if (size === 0) throw invalidFile(path, 'it is empty', { offset: 0 })
    return await readHeader(new GgufCursor(file, path, size), path, size)
  } finally {
    await file.close()
  }
}

/**
 * Reads the header of a file of which only the first bytes have been downloaded.
 * @param path for the error messages
 * @param size of the whole file, bytes
 * @returns null if more bytes are needed
 * @throws Hal0Error `model.invalid_file`, `storage.failed`
 */
export const readGgufHead = async (source: ByteSource, path: string, size: number): Promise<GgufHeader | null> => {
  try {
    return await readHeader(new GgufCursor(source, path, size), path, size)
  } catch (error) {
    if (error instanceof HeaderIncomplete) return null
    throw error
  }
}

/** Kinds of files that are often called .gguf by mistake, by their first four bytes. */
const mistaken: ReadonlyMap<string, string> = new Map([
  ['<!do', 'a web page'],
  ['<htm', 'a web page'],
  ['<?xm', 'an XML document'],
  ['vers', 'a pointer of Git LFS, which stands for the file'],
  ['pk\x03\x04', 'a ZIP archive'],
])

const notGguf = (magic: number): string => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(magic)
  const looks = mistaken.get(bytes.toString('latin1').toLowerCase())
  return `it does not begin with "GGUF"${looks === undefined ? '' : `; it seems to be ${looks}`}`
}

const readHeader = async (cursor: GgufCursor, path: string, size: number): Promise<GgufHeader> => {
  const magic = await cursor.u32('the magic number')
  if (magic !== magicNumber) throw invalidFile(path, notGguf(magic), { offset: 0 })
  const version = await readVersion(cursor)
  // Minimum sizes. A tensor: name length 8, dimension count 4, type 4, offset 8. A metadata entry: key length 8, type 4, value 1.
  const tensors = await cursor.count('tensors', 24, limits.tensors)
  const entries = await cursor.count('metadata entries', 13, limits.entries)

  const found: Metadata = new Map()
  for (let index = 0; index < entries; index++) await readEntry(cursor, index, found)
  const text = (key: string): string | null => {
    const value = found.get(key)
    return typeof value === 'string' ? value : null
  }
  const integer = (key: string): number | null => {
    const value = found.get(key)
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
  }

  const alignment = integer('general.alignment') ?? 32
  if (!Number.isInteger(Math.log2(alignment))) {
    throw cursor.invalid(`general.alignment is ${alignment}, not a power of two`)
  }
  const table = await readTensors(cursor, tensors, alignment)
  const dataStart = Math.ceil(cursor.offset / alignment) * alignment
  const needed = tensors === 0 ? cursor.offset : dataStart + table.dataBytes
  if (needed > size) {
    const why = `its tensors reach to byte ${needed}, the file ends at ${size}`
    throw invalidFile(path, why, { expected: needed, actual: size, offset: size }, cutShort)
  }
  const architecture = text('general.architecture')
  return {
    ...table,
    version,
    architecture,
    name: text('general.name'),
    // Adapters made by older converters have no general.type, only adapter.type.
    type: found.has('adapter.type') ? 'adapter' : text('general.type'),
    fileType: integer('general.file_type'),
    contextLength: integer(`${architecture}.context_length`),
    poolingType: integer(`${architecture}.pooling_type`),
    attention: attentionOf(found, architecture ?? ''),
    embeddingLength: integer(`${architecture}.embedding_length`),
    projectionDim: integer('clip.vision.projection_dim') ?? integer('clip.audio.projection_dim'),
    splitNo: integer('split.no'),
    splitCount: integer('split.count'),
    tensors,
  }
}

const readVersion = async (cursor: GgufCursor): Promise<number> => {
  const version = await cursor.u32('the version')
  if (version === 2 || version === 3) return version
  if (version === 0x0200_0000 || version === 0x0300_0000) {
    throw cursor.invalid('it is big endian; hal0 reads little endian files')
  }
  throw cursor.invalid(`it has GGUF version ${version}; hal0 reads versions 2 and 3`)
}

const readEntry = async (cursor: GgufCursor, index: number, found: Metadata): Promise<void> => {
  const key = await cursor.text(`metadata key ${index}`, limits.keyBytes)
  if (key === '') throw cursor.invalid(`metadata key ${index} is empty`)
  const what = `the value of ${JSON.stringify(key.slice(0, 100))}`
  const type = await cursor.u32(`the type of ${what}`)
  const isWanted = wanted.test(key) || attentionKeys.test(key)
  if (type === arrayType) {
    const numbers = await readArray(cursor, what, isWanted)
    if (numbers !== null) found.set(key, numbers)
  } else if (type === stringType) {
    if (isWanted) found.set(key, await cursor.text(what, limits.textBytes))
    else await cursor.skipStrings(1, what)
  } else {
    const bytes = integerBytes.get(type)
    if (bytes === undefined) await cursor.skip(fixedBytes(cursor, type, what), what)
    else if (!isWanted) await cursor.skip(bytes, what)
    else found.set(key, bytes === 8 ? Number(await cursor.u64(what)) : await cursor.uint(bytes, what))
  }
}

/** Reads a short array of whole numbers or flags if it is wanted, else skips it. @returns null if it was skipped */
const readArray = async (cursor: GgufCursor, what: string, isWanted: boolean): Promise<number[] | null> => {
  const type = await cursor.u32(`the item type of ${what}`)
  if (type === arrayType) throw cursor.invalid(`${what} is an array of arrays, which no engine reads`)
  if (type === stringType) {
    await cursor.skipStrings(await cursor.count(`items in ${what}`, 8, limits.arrayItems), what)
    return null
  }
  const bytes = fixedBytes(cursor, type, what)
  const items = await cursor.count(`items in ${what}`, bytes, limits.arrayItems)
  if (!isWanted || items > limits.wantedItems || (bytes !== 1 && bytes !== 4) || type === float32Type) {
    await cursor.skip(bytes * items, what)
    return null
  }
  const numbers: number[] = []
  for (let index = 0; index < items; index++) numbers.push(await cursor.uint(bytes, what))
  return numbers
}

const fixedBytes = (cursor: GgufCursor, type: number, what: string): number => {
  const bytes = integerBytes.get(type) ?? otherBytes.get(type)
  if (bytes === undefined) throw cursor.invalid(`${what} has type ${type}, which GGUF does not define`)
  return bytes
}
