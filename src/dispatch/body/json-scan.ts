/**
 * Scans JSON piece by piece as it arrives, and keeps one member of the outermost object. No objects are built, so that a body of
 * millions of keys costs a walk over its bytes and no memory. Pure.
 *
 * The end of a string is found like in a parser, but its escapes are not validated.
 */
import { Hal0Error } from '../../lib/hal0-error.ts'
import { actions, kindBits, kindOf, literals, states, table } from './json-grammar.ts'
import { StringEnd } from './string-end.ts'

const quote = 0x22
const backslash = 0x5c
const byteOrderMark = [0xef, 0xbb, 0xbf]

/** For longer strings `indexOf` is used, which is faster than a loop once it runs, bytes. */
const shortString = 32

const invalid = (why: string): Hal0Error => new Hal0Error('request.invalid', `The body is not valid JSON: ${why}.`)

/** A member that was found. */
export interface Member {
  /** The text between its quotes as latin1, cut if too long; null: it is not a string. */
  text: string | null
  isNull: boolean
  isTrue: boolean
  /** Length of the text in the body, bytes. */
  bytes: number
}

export interface ScanOptions {
  /** Name of the wanted member, in ASCII. */
  name: string
  /** Number of bytes of its string to keep. */
  keptBytes: number
  /** Deepest nesting of objects and arrays. */
  maxDepth: number
  /** Called each time the outermost object has the member. */
  found(member: Member): void
}

/**
 * Decodes the text between the quotes of a JSON string; null if it is invalid.
 * @param latin1 a character for every byte
 */
export const unescaped = (latin1: string): string | null => {
  if (/^[ -[\]-~]*$/.test(latin1)) return latin1
  try {
    return JSON.parse(`"${Buffer.from(latin1, 'latin1').toString('utf8')}"`) as string
  } catch {
    // A broken escape.
    return null
  }
}

export class JsonScan {
  readonly #options: ScanOptions
  /** 1 where the level is an object. */
  readonly #levels: (0 | 1)[] = [0]
  #depth = 0
  #state: number = states.start
  /** What comes after the string that is being read. */
  #next: number = states.afterValue
  #literal = ''
  #literalAt = 0
  /** Number of bytes fed before. */
  #read = 0
  /** The current string as far as it was read, as latin1; null if it is not needed. */
  #kept: string | null = null
  #keptSize = 0
  #isMember = false
  readonly #end = new StringEnd()

  constructor(options: ScanOptions) {
    this.#options = options
  }

  /** @throws Hal0Error `request.invalid` */
  feed(bytes: Buffer): void {
    let at = 0
    const { length } = bytes
    let state = this.#state
    this.#end.newPiece()
    while (at < length) {
      if (state < states.inString) {
        const next = table[(state << kindBits) | (kindOf[bytes[at] as number] as number)] as number
        if (next < states.inString) state = next
        else state = this.#act(next, bytes, at)
        at++
      } else {
        this.#state = state
        if (state === states.inString) at = this.#string(bytes, at)
        else if (state === states.inEscape) at = this.#escape(bytes, at)
        else at = this.#inLiteral(bytes, at)
        state = this.#state
      }
    }
    this.#state = state
    this.#read += length
  }

  /** @throws Hal0Error `request.invalid` when the JSON is not complete */
  end(): void {
    if (this.#state === states.over) return
    throw invalid(this.#state === states.start ? 'it is empty' : 'it ends too early')
  }

  /** @returns the state after the byte at `at` */
  #act(action: number, bytes: Buffer, at: number): number {
    switch (action) {
      case actions.beginString:
        return this.#beginString(states.afterValue, false)
      case actions.beginKey:
        return this.#beginString(states.afterKey, this.#depth === 1)
      case actions.openObject:
        return this.#open(1)
      case actions.openArray:
        return this.#open(0)
      case actions.closeObject:
      case actions.closeArray:
        if ((this.#levels[this.#depth] === 1) !== (action === actions.closeObject)) throw this.#unexpected(bytes, at)
        this.#depth--
        return this.#depth === 0 ? states.over : states.afterValue
      case actions.comma:
        return this.#levels[this.#depth] === 1 ? states.key : states.value
      case actions.beginLiteral:
        this.#literal = literals[bytes[at] as number] ?? ''
        this.#literalAt = 1
        return states.inLiteral
      case actions.beginMember:
        this.#isMember = true
        return this.#beginString(states.afterValue, true)
      case actions.otherMember: {
        this.#options.found({ text: null, isNull: bytes[at] === 0x6e, isTrue: bytes[at] === 0x74, bytes: 0 })
        const next = table[(states.value << kindBits) | (kindOf[bytes[at] as number] as number)] as number
        return next < states.inString ? next : this.#act(next, bytes, at)
      }
      case actions.noObject:
        throw new Hal0Error('request.invalid', 'The body must be a JSON object.')
      default:
        // Parsers skip a byte order mark.
        if (this.#state === states.start && bytes[at] === byteOrderMark[this.#read + at]) return states.start
        throw this.#unexpected(bytes, at)
    }
  }

  #open(isObject: 0 | 1): number {
    const { maxDepth } = this.#options
    if (this.#depth === maxDepth) {
      throw new Hal0Error(
        'request.invalid',
        `The body is not acceptable: its JSON nests deeper than ${maxDepth} levels.`,
      )
    }
    this.#levels[++this.#depth] = isObject
    return isObject === 1 ? states.keyOrEnd : states.valueOrEnd
  }

  #beginString(next: number, kept: boolean): number {
    this.#next = next
    this.#kept = kept ? '' : null
    this.#keptSize = 0
    return states.inString
  }

  /** @returns index of the next byte after the string, or of the end */
  #string(bytes: Buffer, from: number): number {
    const { length } = bytes
    const loopEnd = Math.min(length, from + shortString)
    let at = from
    let byte = 0
    for (; at < loopEnd; at++) {
      byte = bytes[at] as number
      if (byte === quote || byte === backslash) break
      if (byte < 0x20) throw this.#unexpected(bytes, at)
    }
    if (at === loopEnd && at < length) at = this.#end.find(bytes, at)
    if (at >= length) {
      this.#keep(bytes, from, length)
      return length
    }
    if (bytes[at] === backslash) {
      this.#keep(bytes, from, at + 1)
      this.#state = states.inEscape
    } else if (this.#kept === null) {
      this.#state = this.#next
    } else {
      this.#endKept(bytes, from, at)
    }
    return at + 1
  }

  #escape(bytes: Buffer, at: number): number {
    this.#keep(bytes, at, at + 1)
    this.#state = states.inString
    return at + 1
  }

  #inLiteral(bytes: Buffer, at: number): number {
    if (bytes[at] !== this.#literal.charCodeAt(this.#literalAt)) throw this.#unexpected(bytes, at)
    if (++this.#literalAt === this.#literal.length) this.#state = states.afterValue
    return at + 1
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    if (this.#kept === null) return
    this.#keptSize += to - from
    const room = this.#options.keptBytes - this.#kept.length
    if (room > 0) this.#kept += bytes.toString('latin1', from, Math.min(to, from + room))
  }

  #endKept(bytes: Buffer, from: number, to: number): void {
    this.#state = this.#next
    // Most keys differ from the name in length.
    if (!this.#isMember && this.#kept === '' && to - from !== this.#options.name.length) {
      this.#kept = null
      return
    }
    this.#keep(bytes, from, to)
    const kept = this.#kept ?? ''
    this.#kept = null
    if (this.#isMember) {
      this.#isMember = false
      this.#options.found({ text: kept, isNull: false, isTrue: false, bytes: this.#keptSize })
    } else if (this.#isName(kept)) {
      this.#state = states.afterName
    }
  }

  #isName(raw: string): boolean {
    const { name } = this.#options
    // An escape takes at most six bytes for each byte of the name.
    return raw === name || (raw.length <= 6 * name.length && raw.includes('\\') && unescaped(raw) === name)
  }

  #unexpected(bytes: Buffer, at: number): Hal0Error {
    const byte = bytes[at] as number
    const what = byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `the byte 0x${byte.toString(16)}`
    return invalid(`${what} at byte ${this.#read + at} is not expected there`)
  }
}
