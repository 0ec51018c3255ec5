import { basename } from 'node:path'
import { checkRunnableModel, checkRunnablePart } from '../gguf/check-runnable.ts'
import { invalidFile } from '../gguf/cursor.ts'
import { type GgufHeader, readGgufHead, readGgufHeader } from '../gguf/header.ts'
import { modelFacts } from '../gguf/model-facts.ts'
import { parseShardName, shardFileName } from '../naming/file-name.ts'
import type { ModelFormat } from './model-format.ts'

/** One file, or shards side by side. */
export const gguf: ModelFormat = {
  name: 'gguf',
  owns: (fileName) => /\.gguf$/i.test(fileName),
  filesOf: (fileName, path) => {
    const shard = parseShardName(fileName)
    if (shard === null) return [fileName]
    const { stem, no, count } = shard
    if (no < 1 || no > count) throw invalidFile(path, `its name says shard ${no} of ${count}`)
    return Array.from({ length: count }, (_, index) => shardFileName(stem, index + 1, count))
  },
  partName: (index, count) => `shard ${index + 1} of ${count}`,
  invalid: invalidFile,
  readFacts: async (files, path, id, isProjector) => {
    const [first, ...rest] = files
    if (first === undefined) throw invalidFile(path, 'it has no files')
    const headers: [GgufHeader, ...GgufHeader[]] = [await readGgufHeader(first)]
    for (const file of rest) headers.push(await readGgufHeader(file))
    if (isProjector) checkRunnablePart(path, headers[0], { index: 0, count: 1, isProjector })
    else checkRunnableModel(path, headers)
    return modelFacts(headers, basename(path), id)
  },
  checkHead: async (head, path, size, part) => {
    const header = await readGgufHead(head, path, size)
    if (header === null) return 'more'
    checkRunnablePart(path, header, part)
    return 'fine'
  },
}
