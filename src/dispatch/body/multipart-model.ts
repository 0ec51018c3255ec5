/** Finds the field `model` of a form (RFC 7578) while it arrives; files in it are skipped, whatever their size. Pure. */
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { ModelReader } from './model-reader.ts'
import { keptNameBytes, modelMissing, onlyName, shownName } from './name-rules.ts'

/** Maximum size of one part's head; clients send about 200 bytes. */
const maxHeadBytes = 16 * 1024
const lineEnd = Buffer.from('\r\n')
const headEnd = Buffer.from('\r\n\r\n')
const lastDashes = '--'
const ofModel = /^content-disposition:[ \t]*form-data\b.*;[ \t]*name=(?:"model"|model)[ \t]*(?:;|$)/im

const noForm = (why: string): Hal0Error =>
  new Hal0Error('request.invalid', `The body is not a form that hal0 can read: ${why}.`)

export class MultipartModel implements ModelReader {
  name: string | null = null
  readonly #delimiter: Buffer
  #state: 'before' | 'delimiter' | 'head' | 'model' | 'other' | 'done' = 'before'
  /** Unread bytes. The initial line end makes up for the missing one before the first delimiter. */
  #rest: Buffer = lineEnd
  /** The beginning of the field's value, and its length. */
  #value: Buffer[] = []
  #valueBytes = 0

  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  }

  feed(bytes: Buffer): void {
    if (this.#state === 'done') return
    this.#rest = Buffer.concat([this.#rest, bytes])
    for (let more = true; more; ) more = this.#step()
  }

  end(): string {
    if (this.#state !== 'done') throw noForm('it ends before its last boundary')
    if (this.name === null) throw modelMissing('field')
    return this.name
  }

  /** @returns whether there may be more to read */
  #step(): boolean {
    switch (this.#state) {
      case 'delimiter':
        return this.#readDelimiter()
      case 'head':
        return this.#readHead()
      default:
        return this.#readContent()
    }
  }

  /** Reads up to the next delimiter, which may only have begun to arrive. */
  #readContent(): boolean {
    const at = this.#rest.indexOf(this.#delimiter)
    const end = at < 0 ? Math.max(0, this.#rest.length - this.#delimiter.length + 1) : at
    if (this.#state === 'model') this.#keep(this.#rest.subarray(0, end))
    if (at < 0) {
      // A copy, so that these few bytes do not keep the whole piece in memory.
      this.#rest = Buffer.from(this.#rest.subarray(end))
      return false
    }
    if (this.#state === 'model') this.#found()
    this.#rest = this.#rest.subarray(at + this.#delimiter.length)
    this.#state = 'delimiter'
    return true
  }

  #readDelimiter(): boolean {
    if (this.#rest.toString('latin1', 0, 2) === lastDashes) {
      this.#state = 'done'
      this.#rest = lineEnd
      return false
    }
    const end = this.#rest.indexOf(lineEnd)
    if (end < 0 && this.#rest.length > maxHeadBytes) throw noForm('a boundary does not end its line')
    if (end < 0) return false
    if (!/^[ \t]*$/.test(this.#rest.toString('latin1', 0, end)))
      throw noForm('something follows a boundary in its line')
    // The line end stays: a part without headers has its empty line there.
    this.#rest = this.#rest.subarray(end)
    this.#state = 'head'
    return true
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf(headEnd)
    if ((end < 0 ? this.#rest.length : end) > maxHeadBytes) throw noForm('the head of a part does not end')
    if (end < 0) return false
    const isModel = ofModel.test(this.#rest.toString('latin1', 0, end))
    // Its line end is where the delimiter of an empty part begins.
    this.#rest = this.#rest.subarray(end + lineEnd.length)
    this.#state = isModel ? 'model' : 'other'
    if (isModel) {
      this.#value = []
      this.#valueBytes = -lineEnd.length
    }
    return true
  }

  #keep(bytes: Buffer): void {
    const kept = this.#value.reduce((sum, { length }) => sum + length, 0)
    if (kept <= keptNameBytes && bytes.length > 0) {
      this.#value.push(Buffer.from(bytes.subarray(0, keptNameBytes + lineEnd.length + 1 - kept)))
    }
    this.#valueBytes += bytes.length
  }

  #found(): void {
    // The line end of the head precedes the value.
    const value = Buffer.concat(this.#value).subarray(lineEnd.length)
    if (this.#valueBytes <= 0) throw modelMissing('field')
    const name = this.#valueBytes > keptNameBytes ? shownName(value, this.#valueBytes) : value.toString('utf8')
    this.name = onlyName(this.name, name)
  }
}
