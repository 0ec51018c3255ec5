/** Checks the files of a pull by their headers, which are at the start of each file. */

import { formatOf } from '../../formats/table.ts'
import { type ByteSource, HeaderIncomplete } from '../../gguf/cursor.ts'
import type { Head, HeadJudge } from '../download/head.ts'

const sourceOf = ({ size, here, read }: Head): ByteSource => ({
  read: async (into, offset, length, position) => {
    if (position >= here && here < size) throw new HeaderIncomplete()
    const bytes = Math.max(0, Math.min(length, here - position))
    read(into.subarray(offset, offset + bytes), position)
    return { bytesRead: bytes }
  },
})

/**
 * @param files of the model, first shard first, and its projector, by their paths in the repository
 * @param projector null: none of them is a projector
 */
export const headJudge = (files: readonly string[], projector: string | null): HeadJudge => {
  const model = files.filter((path) => path !== projector)
  return (path, head) => {
    const isProjector = path === projector
    const part = isProjector
      ? { index: 0, count: 1, isProjector }
      : { index: model.indexOf(path), count: model.length, isProjector }
    return formatOf(path).checkHead(sourceOf(head), path, head.size, part)
  }
}
