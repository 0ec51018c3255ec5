/** Finds the member `model` of a JSON body while it arrives. Pure. */
import { isUtf8 } from 'node:buffer'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { JsonScan, type Member, unescaped } from './json-scan.ts'
import type { ModelReader } from './model-reader.ts'
import { keptNameBytes, modelMissing, onlyName, shownName } from './name-rules.ts'

/** Deep nesting may overflow the stack of a backend's JSON parser; no real request comes near this. */
export const maxDepth = 512
const nothing = Buffer.alloc(0)

const invalid = (message: string, param?: string): Hal0Error =>
  new Hal0Error('request.invalid', message, param === undefined ? {} : { param })

/** The name that the member is. @throws Hal0Error `request.invalid` */
const nameOf = ({ text, isNull, bytes }: Member): string => {
  // Some clients send null for an omitted value.
  if (isNull) throw modelMissing('field')
  if (text === null || text === '') {
    throw invalid('The field "model" must be a string that is not empty. GET /v1/models lists the names.', 'model')
  }
  if (bytes > text.length) return shownName(Buffer.from(text, 'latin1'), bytes)
  const name = unescaped(text)
  if (name === null) throw invalid('The body is not valid JSON: the string of "model" is broken.', 'model')
  return name
}

/** Number of bytes at the end of `bytes` that begin an incomplete character. */
const unfinished = (bytes: Buffer): number => {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
    if (byte < 0x80) return 0
  }
  return 0
}

export class JsonModel implements ModelReader {
  readonly #scan: JsonScan
  #name: string | null = null
  /** The beginning of an incomplete UTF-8 character. */
  #rest: Buffer = nothing

  constructor() {
    this.#scan = new JsonScan({
      name: 'model',
      keptBytes: keptNameBytes,
      maxDepth,
      found: (member) => this.#found(member),
    })
  }

  /** The requested model, never empty; null while it is unknown. */
  get name(): string | null {
    return this.#name
  }

  /** @param bytes that continue the body @throws Hal0Error `request.invalid` */
  feed(bytes: Buffer): void {
    const text = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const rest = unfinished(text)
    if (!isUtf8(rest === 0 ? text : text.subarray(0, text.length - rest))) throw notUtf8()
    // A copy, so that these few bytes do not keep the whole piece in memory.
    this.#rest = rest === 0 ? nothing : Buffer.from(text.subarray(text.length - rest))
    this.#scan.feed(bytes)
  }

  /** The body is complete. @throws Hal0Error `request.invalid` */
  end(): string {
    if (this.#rest.length > 0) throw notUtf8()
    this.#scan.end()
    if (this.#name === null) throw modelMissing('field')
    return this.#name
  }

  #found(member: Member): void {
    this.#name = onlyName(this.#name, nameOf(member))
  }
}

const notUtf8 = (): Hal0Error => invalid('The body is not valid JSON: it is not UTF-8.')
