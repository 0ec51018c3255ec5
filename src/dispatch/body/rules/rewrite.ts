/**
 * Changes a body on its way from the client to a backend, if the slot has rules for that. Only the text of the keys in question changes:
 * everything else passes byte for byte, such as numbers that JavaScript cannot hold. Pure but for the body, which is used up.
 */
import { turn } from '../../../lib/clock.ts'
import { BodyPieces } from '../body-pieces.ts'
import { type Edit, type KeyRules, MemberEdits } from './edit-members.ts'
import { MemberScan } from './json-members.ts'

/** Bytes scanned at a time, about a millisecond's work; other requests are answered in between. */
const sliceBytes = 128 * 1024
/** A body up to this becomes one piece. */
const smallBytes = 64 * 1024

/** The pieces with the edits made, as parts of the same memory. @param edits in order, none within another */
const edited = (pieces: readonly Buffer[], bytes: number, edits: readonly Edit[]): Buffer[] => {
  const parts: Buffer[] = []
  let index = 0
  let base = 0
  const copy = (from: number, to: number): void => {
    for (let at = from; at < to; ) {
      const piece = pieces[index] as Buffer
      const end = base + piece.length
      if (at < end) parts.push(piece.subarray(at - base, Math.min(to, end) - base))
      at = Math.max(at, Math.min(to, end))
      if (to < end) continue
      base = end
      index++
    }
  }
  let at = 0
  for (const { from, to, text } of edits) {
    copy(at, from)
    parts.push(text)
    at = to
  }
  copy(at, bytes)
  return parts
}

const bodyOf = (parts: Buffer[]): BodyPieces => {
  const bytes = parts.reduce((sum, { length }) => sum + length, 0)
  if (bytes <= smallBytes) return BodyPieces.of(Buffer.concat(parts))
  const body = new BodyPieces()
  for (const part of parts) body.add(part)
  return body
}

const inSlices = async (pieces: readonly Buffer[], scan: MemberScan): Promise<void> => {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += sliceBytes) {
      scan.feed(piece.subarray(at, at + sliceBytes))
      await turn()
    }
  }
}

/**
 * @param body a JSON object that was found to be valid
 * @param rules null: the body is passed on unchanged and not read
 * @returns a promise only for a large body
 * @throws Hal0Error `request.invalid` for a body that names the same keys thousands of times (rejects, or throws when synchronous)
 */
export const rewrite = (body: BodyPieces, rules: KeyRules | null): BodyPieces | Promise<BodyPieces> => {
  if (rules === null) return body
  const edits = new MemberEdits(rules)
  const scan = new MemberScan(edits.take)
  const isLarge = body.bytes > sliceBytes
  const { bytes } = body
  const pieces = body.take()
  const finish = (): BodyPieces => bodyOf(edited(pieces, bytes, edits.end(scan.inside)))
  if (isLarge) return inSlices(pieces, scan).then(finish)
  for (const piece of pieces) scan.feed(piece)
  return finish()
}
