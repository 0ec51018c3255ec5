/** Parses the file name of a GGUF shard. Pure. */

/** How the shards of a GGUF are named. Engines find the other shards by this pattern, so a model's files keep their names. */
const shardPattern = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/

export interface ShardName {
  /** What comes before `-00001-of-00003.gguf`. */
  stem: string
  /** From 1. */
  no: number
  count: number
}

/** @returns null if `fileName` is not that of a shard */
export const parseShardName = (fileName: string): ShardName | null => {
  const match = shardPattern.exec(fileName)
  return match === null ? null : { stem: match[1] ?? '', no: Number(match[2]), count: Number(match[3]) }
}

const fiveDigits = (value: number): string => String(value).padStart(5, '0')

export const shardFileName = (stem: string, no: number, count: number): string =>
  `${stem}-${fiveDigits(no)}-of-${fiveDigits(count)}.gguf`
