/** Writes GGUF files (version 3, little endian) whose tensors are F32. */
import { type FileHandle, open } from 'node:fs/promises'
import { storageError } from '../../../src/system/files/storage-error.ts'

/** A metadata value of a supported kind; arrays have elements of one kind. */
export type GgufValue =
  | { kind: 'u32' | 'i32' | 'f32'; value: number }
  | { kind: 'bool'; value: boolean }
  | { kind: 'string'; value: string }
  | { kind: 'strings'; value: readonly string[] }
  | { kind: 'i32s' | 'f32s'; value: readonly number[] }

export interface GgufTensor {
  name: string
  /** Weights per row, then rows. */
  shape: readonly [number] | readonly [number, number]
  /** Returns its weights, row by row; called once, when they are written. */
  weights(): Float32Array
}

const alignment = 32
/** Numbers of `enum gguf_type`. */
const types = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}

const array = (type: number, items: Buffer, length: number): Buffer =>
  Buffer.concat([u32(types.array), u32(type), u64(length), items])

const encode = (item: GgufValue): Buffer => {
  switch (item.kind) {
    case 'u32':
      return Buffer.concat([u32(types.u32), u32(item.value)])
    case 'i32':
      return Buffer.concat([u32(types.i32), Buffer.from(Int32Array.of(item.value).buffer)])
    case 'f32':
      return Buffer.concat([u32(types.f32), Buffer.from(Float32Array.of(item.value).buffer)])
    case 'bool':
      return Buffer.concat([u32(types.bool), Buffer.of(item.value ? 1 : 0)])
    case 'string':
      return Buffer.concat([u32(types.string), text(item.value)])
    case 'strings':
      return array(types.string, Buffer.concat(item.value.map(text)), item.value.length)
    case 'i32s':
      return array(types.i32, Buffer.from(Int32Array.from(item.value).buffer), item.value.length)
    case 'f32s':
      return array(types.f32, Buffer.from(Float32Array.from(item.value).buffer), item.value.length)
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment
const weightsOf = (tensor: GgufTensor): number => tensor.shape[0] * (tensor.shape[1] ?? 1)

/** The bytes before the tensor data. */
export const ggufHeader = (metadata: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Buffer => {
  const entries = Object.entries(metadata)
  const parts = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)]
  for (const [key, value] of entries) parts.push(text(key), encode(value))
  let offset = 0
  for (const tensor of tensors) {
    parts.push(text(tensor.name), u32(tensor.shape.length), ...tensor.shape.map(u64), u32(0), u64(offset))
    offset += aligned(weightsOf(tensor) * 4)
  }
  const header = Buffer.concat(parts)
  return Buffer.concat([header, Buffer.alloc(aligned(header.length) - header.length)])
}

/**
 * Writes a file, one tensor in memory at a time.
 * @throws Hal0Error `storage.full`, `storage.failed`
 */
export const writeGguf = async (
  path: string,
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Promise<void> => {
  let file: FileHandle | null = null
  try {
    file = await open(path, 'w')
    await file.writeFile(ggufHeader(metadata, tensors))
    for (const tensor of tensors) {
      const weights = tensor.weights()
      const bytes = Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength)
      await file.writeFile(bytes)
      await file.writeFile(Buffer.alloc(aligned(bytes.length) - bytes.length))
    }
  } catch (error) {
    throw storageError(error, path, 'write a model file')
  } finally {
    await file?.close()
  }
}
