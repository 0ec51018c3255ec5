/** Reads the end of a log that consists of several files. */
import type { FileHandle } from 'node:fs/promises'
import { openIfThere } from '../../files/read-text.ts'
import { readableLine } from '../../log-line.ts'

const blockBytes = 1 << 16
/** Maximum number of bytes read for one answer, over all files. */
const tailBytes = 4 << 20
const newline = 0x0a

/** Blocks of `file` from its end backwards. */
async function* backwards(file: FileHandle): AsyncGenerator<Buffer> {
  let end = (await file.stat()).size
  while (end > 0) {
    const start = Math.max(0, end - blockBytes)
    const block = Buffer.alloc(end - start)
    const { bytesRead } = await file.read(block, 0, block.length, start)
    yield block.subarray(0, bytesRead)
    end = start
  }
}

const newlinesIn = (block: Buffer): number => {
  let count = 0
  for (let at = block.indexOf(newline); at !== -1; at = block.indexOf(newline, at + 1)) count += 1
  return count
}

/**
 * The last `count` lines, oldest first, of at most 4 MiB; the last one may lack its newline.
 * @param paths newest file first; missing ones are skipped
 */
export const tailLines = async (paths: readonly string[], count: number): Promise<string[]> => {
  const blocks: Buffer[] = []
  let bytes = 0
  let newlines = 0
  const enough = () => newlines > count || bytes >= tailBytes
  for (const path of paths) {
    if (enough()) break
    const file = await openIfThere(path, 'read the log of a backend')
    if (file === null) continue
    try {
      for await (const block of backwards(file)) {
        blocks.unshift(block)
        bytes += block.length
        newlines += newlinesIn(block)
        if (enough()) break
      }
    } finally {
      await file.close()
    }
  }
  const text = Buffer.concat(blocks)
  const lines: string[] = []
  let end = text.at(-1) === newline ? text.length - 1 : text.length
  while (end >= 0 && text.length > 0 && lines.length < count) {
    const start = end === 0 ? -1 : text.lastIndexOf(newline, end - 1)
    lines.unshift(readableLine(text.subarray(start + 1, end)))
    end = start
  }
  return lines
}
