/**
 * Finds where the members of a JSON object are, piece by piece, without building objects. Only for JSON that was found to be valid: its
 * grammar is not looked at again. Pure.
 */
import { unescaped } from '../json-scan.ts'
import { StringEnd } from '../string-end.ts'

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const comma = 0x2c
const smallN = 0x6e
const isOpening = (byte: number): boolean => byte === 0x7b || byte === 0x5b
const isClosing = (byte: number): boolean => byte === 0x7d || byte === 0x5d
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Longest name that is told apart, with each of its characters escaped, bytes. */
const keptBytes = 6 * 64

/** One member. Offsets are bytes from the beginning of the body. */
export interface MemberPlace {
  /** null: longer than any name that is told apart, or broken. */
  name: string | null
  /** Where its name begins, with the quote. */
  from: number
  /** Where its value begins and ends. */
  valueFrom: number
  valueTo: number
  isNull: boolean
}

export class MemberScan {
  /** Where the object begins: the offset after its brace. */
  inside = 0
  readonly #found: (member: MemberPlace) => void
  /** Offset of the first byte of the piece that is being read. */
  #base = 0
  #depth = 0
  #inString = false
  #escaped = false
  #part: 'name' | 'value' = 'name'
  /** Bytes of the name; null: they are too many. */
  #name: string | null = null
  #from = -1
  #valueFrom = -1
  #isNull = false
  /** Offset after the last byte of a value that was read. */
  #valueTo = 0
  readonly #stringEnd = new StringEnd()

  /** @param found is called for each member of the outermost object, in order */
  constructor(found: (member: MemberPlace) => void) {
    this.#found = found
  }

  feed(bytes: Buffer): void {
    const { length } = bytes
    this.#stringEnd.newPiece()
    for (let at = 0; at < length; ) {
      if (this.#inString) {
        at = this.#string(bytes, at)
        continue
      }
      const byte = bytes[at] as number
      if (this.#depth === 1) this.#atTop(byte, this.#base + at)
      if (byte === quote) this.#inString = true
      else if (isOpening(byte)) this.#open(this.#base + at)
      else if (isClosing(byte)) this.#close(this.#base + at)
      at++
    }
    this.#base += length
  }

  #open(offset: number): void {
    if (this.#depth === 0) this.inside = offset + 1
    this.#depth++
  }

  #close(offset: number): void {
    this.#depth--
    if (this.#depth === 1) this.#valueTo = offset + 1
  }

  /** A byte between or within members, outside of strings and deeper values. */
  #atTop(byte: number, offset: number): void {
    if (byte === comma || isClosing(byte)) {
      // A closing bracket of a value came at a deeper level: this one ends the object.
      if (this.#from >= 0) this.#end()
    } else if (this.#part === 'name') {
      if (byte === quote) {
        this.#from = offset
        this.#name = ''
        this.#valueFrom = -1
      } else if (byte === colon) this.#part = 'value'
    } else if (!isBlank(byte)) {
      if (this.#valueFrom < 0) {
        this.#valueFrom = offset
        this.#isNull = byte === smallN
      }
      this.#valueTo = offset + 1
    }
  }

  #end(): void {
    this.#found({
      name: this.#name === null ? null : unescaped(this.#name),
      from: this.#from,
      valueFrom: this.#valueFrom,
      valueTo: this.#valueTo,
      isNull: this.#isNull,
    })
    this.#from = -1
    this.#part = 'name'
  }

  /** @returns index of the next byte after the string, or of the end */
  #string(bytes: Buffer, from: number): number {
    let at = from
    for (; at < bytes.length; at++) {
      if (this.#escaped) {
        this.#escaped = false
        continue
      }
      at = this.#stringEnd.find(bytes, at)
      if (bytes[at] !== backslash) break
      this.#escaped = true
    }
    if (this.#depth === 1 && this.#part === 'name') this.#keep(bytes, from, at)
    if (at === bytes.length) return at
    this.#inString = false
    if (this.#depth === 1 && this.#part === 'value') this.#valueTo = this.#base + at + 1
    return at + 1
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    if (this.#name === null) return
    const isTooLong = this.#name.length + to - from > keptBytes
    this.#name = isTooLong ? null : this.#name + bytes.toString('latin1', from, to)
  }
}
