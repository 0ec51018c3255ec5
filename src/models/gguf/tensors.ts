/** The tensor table of a GGUF header: the number of weights, and the extent of their data. */
import type { GgufCursor } from './cursor.ts'
import { tensorTypes } from './types.ts'

export interface TensorTable {
  /** The number of weights: the sum of all tensors' products of dimensions. */
  parameters: number
  /** Weights by tensor type (`enum ggml_type`). */
  parametersByType: Map<number, number>
  /** End of the last tensor, in bytes from the start of the data. */
  dataBytes: number
}

const nameBytes = 1024
const largest = BigInt(Number.MAX_SAFE_INTEGER)

/** @throws Hal0Error `model.invalid_file` */
export const readTensors = async (cursor: GgufCursor, count: number, alignment: number): Promise<TensorTable> => {
  const table: TensorTable = { parameters: 0, parametersByType: new Map(), dataBytes: 0 }
  for (let index = 0; index < count; index++) {
    const name = JSON.stringify(await cursor.text(`the name of tensor ${index}`, nameBytes))
    const { weights, rowWeights } = await readShape(cursor, name)
    const type = await cursor.u32(`the type of tensor ${name}`)
    const offset = await cursor.u64(`the offset of tensor ${name}`)
    if (offset % BigInt(alignment) !== 0n) {
      throw cursor.invalid(`tensor ${name} begins at ${offset}, not at a multiple of ${alignment}`)
    }
    const end = offset + tensorBytes(cursor, name, type, weights, rowWeights)
    if (end > largest) throw cursor.invalid(`tensor ${name} would end at byte ${end} of the data`)
    table.dataBytes = Math.max(table.dataBytes, Number(end))
    table.parameters += Number(weights)
    table.parametersByType.set(type, (table.parametersByType.get(type) ?? 0) + Number(weights))
  }
  if (!Number.isSafeInteger(table.parameters))
    throw cursor.invalid('its tensors claim more weights than can be counted')
  return table
}

const readShape = async (cursor: GgufCursor, name: string): Promise<{ weights: bigint; rowWeights: bigint }> => {
  const dimensions = await cursor.u32(`the number of dimensions of tensor ${name}`)
  if (dimensions > 4) throw cursor.invalid(`tensor ${name} has ${dimensions} dimensions; engines read at most 4`)
  let weights = 1n
  let rowWeights = 1n
  for (let dimension = 0; dimension < dimensions; dimension++) {
    const length = await cursor.u64(`dimension ${dimension} of tensor ${name}`)
    weights *= length
    if (dimension === 0) rowWeights = length
    if (weights > largest) throw cursor.invalid(`tensor ${name} claims ${weights} weights`)
  }
  return { weights, rowWeights }
}

/** Size of a tensor in bytes; 0 for an unknown type. Its end cannot be checked, and the engine decides whether it can read it. */
const tensorBytes = (cursor: GgufCursor, name: string, id: number, weights: bigint, rowWeights: bigint): bigint => {
  const type = tensorTypes.get(id)
  if (type === undefined) return 0n
  const block = BigInt(type.blockWeights)
  if (rowWeights % block !== 0n) {
    throw cursor.invalid(
      `a row of tensor ${name} has ${rowWeights} weights, not whole blocks of ${block} (${type.name})`,
    )
  }
  return (weights / block) * BigInt(type.blockBytes)
}
