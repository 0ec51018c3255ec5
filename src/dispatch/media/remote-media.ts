/**
 * Finds addresses of media in the content of a request, which a backend would fetch: from the home network, or as a file of this
 * machine. The body was already validated as JSON while it arrived; no objects are built of it. Pure.
 */
import { turn } from '../../lib/clock.ts'
import type { BodyPieces } from '../body/body-pieces.ts'
import { unescaped } from '../body/json-scan.ts'
import { isInline, longestKey, roleOf, roles, signs } from './media-keys.ts'

const quote = 0x22
const backslash = 0x5c
const [comma, openArray, closeArray, openObject, closeObject] = [0x2c, 0x5b, 0x5d, 0x7b, 0x7d]

/** An escape takes six bytes for one of a name. */
const keptOfKey = 6 * longestKey
/** Enough to tell an address from base64. */
const keptOfText = 384

/** Whether a body may have such an address at all: a search for a few bytes, which costs next to nothing. */
export const mayNameMedia = (pieces: readonly Buffer[]): boolean => {
  const overlap = Math.max(...signs.map(({ length }) => length)) - 1
  let before = Buffer.alloc(0)
  for (const piece of pieces) {
    const seam = Buffer.concat([before, piece.subarray(0, overlap)])
    if (signs.some((sign) => seam.includes(sign) || piece.includes(sign))) return true
    before = Buffer.from(Buffer.concat([before, piece.subarray(-overlap)]).subarray(-overlap))
  }
  return false
}

interface Level {
  isObject: boolean
  /** Of the object that this one is the value of. */
  parent: number
  /** Of the current member; in an array, that of the member which the array is. */
  role: number
}

/** The text without an escape that was cut off. */
const whole = (latin1: string, isCut: boolean): string =>
  isCut ? latin1.replace(/(?<!\\)((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?$/, '$1') : latin1

export class MediaScan {
  readonly #levels: Level[] = []
  #isKey = false
  #inString = false
  #isEscaped = false
  #kept: string | null = null
  #length = 0
  /** The key that the address has. */
  #found: string | null = null
  #lastKey = ''

  /** The key of the first address that was found; null: none so far. */
  get found(): string | null {
    return this.#found
  }

  feed(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length && this.#found === null) {
      if (this.#inString) at = this.#string(bytes, at)
      else this.#sign(bytes[at++] as number)
    }
  }

  #sign(byte: number): void {
    const top = this.#levels.at(-1)
    if (byte === quote) this.#begin(top)
    else if (byte === openObject || byte === openArray) {
      const isObject = byte === openObject
      const role = top?.role ?? roles.other
      // The members of an array mean what the array means.
      this.#levels.push({ isObject, parent: isObject ? role : (top?.parent ?? 0), role: isObject ? roles.other : role })
      this.#isKey = isObject
    } else if (byte === closeObject || byte === closeArray) {
      this.#levels.pop()
      this.#isKey = false
    } else if (byte === comma) this.#isKey = top?.isObject === true
  }

  #begin(top: Level | undefined): void {
    this.#inString = true
    this.#isEscaped = false
    this.#length = 0
    this.#kept = this.#isKey || (top !== undefined && isAddress(top)) ? '' : null
  }

  /** @returns index after the string, or the end */
  #string(bytes: Buffer, from: number): number {
    let at = from
    if (this.#isEscaped) {
      this.#isEscaped = false
      at++
    }
    for (;;) {
      const end = bytes.indexOf(quote, at)
      const upTo = end < 0 ? bytes.length : end
      const slash = bytes.subarray(at, upTo).indexOf(backslash)
      if (slash < 0) {
        this.#keep(bytes, from, upTo)
        if (end < 0) return bytes.length
        this.#end()
        return end + 1
      }
      at += slash + 2
      if (at <= bytes.length) continue
      this.#keep(bytes, from, bytes.length)
      this.#isEscaped = true
      return bytes.length
    }
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    if (this.#kept === null) return
    this.#length += to - from
    const room = (this.#isKey ? keptOfKey : keptOfText) - this.#kept.length
    if (room > 0) this.#kept += bytes.toString('latin1', from, Math.min(to, from + room))
  }

  #end(): void {
    this.#inString = false
    const kept = this.#kept
    const top = this.#levels.at(-1)
    if (kept === null || top === undefined) return
    const isCut = this.#length > kept.length
    const text = unescaped(whole(kept, isCut))
    if (!this.#isKey) {
      // A broken escape is no base64 either.
      if (text === null || !isInline(text)) this.#found = this.#lastKey
      return
    }
    this.#isKey = false
    const isInOpaque = top.parent === roles.opaque
    top.role = isInOpaque ? roles.opaque : text === null || isCut ? roles.other : roleOf(text, this.#levels.length)
    if (top.role !== roles.other) this.#lastKey = text ?? ''
  }
}

const isAddress = ({ role, parent }: Level): boolean => {
  switch (role) {
    case roles.address:
      return true
    case roles.url:
      return parent === roles.address || parent === roles.media || parent === roles.audio
    case roles.data:
      return parent === roles.audio
    default:
      return false
  }
}

/** Bytes scanned at a time; other requests are answered in between. */
const sliceBytes = 128 * 1024

const scanInTurns = async (pieces: readonly Buffer[]): Promise<string | null> => {
  const scan = new MediaScan()
  for (const piece of pieces) {
    for (let at = 0; at < piece.length && scan.found === null; at += sliceBytes) {
      scan.feed(piece.subarray(at, at + sliceBytes))
      await turn()
    }
  }
  return scan.found
}

/**
 * The key of the first address of media in a JSON body; null if there is none.
 * @returns synchronously, if the body is small or cannot have one
 */
export const remoteMediaIn = (body: BodyPieces): string | null | Promise<string | null> => {
  const pieces = body.list()
  if (!mayNameMedia(pieces)) return null
  if (body.bytes > sliceBytes) return scanInTurns(pieces)
  const scan = new MediaScan()
  for (const piece of pieces) scan.feed(piece)
  return scan.found
}
