/** GGUF bytes assembled by hand, so that the reader is not tested against the writer's idea of the format. */

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export const u64 = (value: bigint | number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

export const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)])

/** A metadata entry: key, type number, the bytes of the value. */
export const entry = (key: string, type: number, ...value: Buffer[]): Buffer =>
  Buffer.concat([text(key), u32(type), ...value])

export const stringEntry = (key: string, value: string): Buffer => entry(key, 8, text(value))
export const u32Entry = (key: string, value: number): Buffer => entry(key, 4, u32(value))
export const u16Entry = (key: string, value: number): Buffer => entry(key, 2, u32(value).subarray(0, 2))
export const arrayEntry = (key: string, itemType: number, count: bigint | number, ...items: Buffer[]): Buffer =>
  entry(key, 9, u32(itemType), u64(count), ...items)

/** An entry of the tensor table. `type` 0 is F32, 1 F16, 12 Q4_K. */
export const tensor = (name: string, shape: (bigint | number)[], type: number, offset: bigint | number): Buffer =>
  Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset)])

export interface Parts {
  version?: number
  entries?: Buffer[]
  tensors?: Buffer[]
  /** Counts that the header claims; by default the real ones. */
  claimedEntries?: bigint
  claimedTensors?: bigint
  /** Bytes of tensor data after the header, which is padded to 32. */
  data?: number
}

export const gguf = (parts: Parts): Buffer => {
  const { version = 3, entries = [], tensors = [], data = 0 } = parts
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(parts.claimedTensors ?? tensors.length),
    u64(parts.claimedEntries ?? entries.length),
    ...entries,
    ...tensors,
  ])
  return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), Buffer.alloc(data, 1)])
}

/** A small valid vision projector. */
export const smallProjector = (): Buffer =>
  gguf({
    entries: [stringEntry('general.architecture', 'clip'), stringEntry('general.name', 'Eyes')],
    tensors: [tensor('v.patch_embd.weight', [8, 4], 0, 0)],
    data: 128,
  })

/** A small valid model: one F32 tensor of 8 × 4 weights. */
export const smallModel = (extra: Buffer[] = [], name = 'Small'): Buffer =>
  gguf({
    entries: [
      stringEntry('general.architecture', 'llama'),
      stringEntry('general.name', name),
      u32Entry('llama.context_length', 2048),
      ...extra,
    ],
    tensors: [tensor('token_embd.weight', [8, 4], 0, 0)],
    data: 128,
  })
