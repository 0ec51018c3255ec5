/** Whether a JSON body asks for its answer as a stream. Only read for requests that wait: the others leave that to their backend. */
import { turn } from '../../lib/clock.ts'
import type { BodyPieces } from '../body/body-pieces.ts'
import { maxDepth } from '../body/json-model.ts'
import { JsonScan } from '../body/json-scan.ts'

/** Bytes scanned at a time, about a millisecond's work; other requests are answered in between. */
const sliceBytes = 128 * 1024

/** @param body JSON that was found to be valid */
export const asksForStream = async (body: BodyPieces): Promise<boolean> => {
  let asks = false
  const scan = new JsonScan({
    name: 'stream',
    // Of keys: the name with every character escaped.
    keptBytes: 36,
    maxDepth,
    // Parsers take the last of several.
    found: ({ isTrue }) => {
      asks = isTrue
    },
  })
  for (const piece of body.list()) {
    for (let at = 0; at < piece.length; at += sliceBytes) {
      if (at > 0) await turn()
      scan.feed(piece.subarray(at, at + sliceBytes))
    }
    await turn()
  }
  return asks
}
