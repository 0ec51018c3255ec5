/** Parses untrusted JSON: bounded nesting, and a sentence for what is wrong. Pure. */
import { Hal0Error } from '../hal0-error.ts'

const quote = 0x22
const backslash = 0x5c

/** Index after the string that begins at `from`, behind its opening quote. */
const afterString = (json: Buffer, from: number): number => {
  for (let end = json.indexOf(quote, from); end >= 0; end = json.indexOf(quote, end + 1)) {
    let slashes = 0
    while (json[end - 1 - slashes] === backslash) slashes++
    if (slashes % 2 === 0) return end + 1
  }
  return json.length
}

/** Whether brackets nest deeper than `maxDepth`: a scan of the bytes that skips strings and needs no stack. */
export const nestsTooDeep = (json: Buffer, maxDepth: number): boolean => {
  if (json.length <= maxDepth) return false
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number
    if (byte === quote) at = afterString(json, at + 1) - 1
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > maxDepth) return true
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return false
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const invalid = (message: string): Hal0Error => new Hal0Error('request.invalid', message)

/**
 * Parses the bytes of a body as JSON.
 * @param maxDepth deepest nesting of objects and arrays
 * @throws Hal0Error `request.invalid`
 */
export const parseJsonBody = (bytes: Uint8Array, maxDepth: number): unknown => {
  if (bytes.length === 0) throw invalid('The body is not valid JSON: it is empty.')
  if (nestsTooDeep(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), maxDepth)) {
    throw invalid(`The body is not acceptable: its JSON nests deeper than ${maxDepth} levels.`)
  }
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    // The decoder's own error adds nothing to this.
    throw invalid('The body is not valid JSON: it is not UTF-8.')
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^JSON Parse error: /, '') : String(error)
    throw invalid(`The body is not valid JSON: ${why.length > 200 ? `${why.slice(0, 200)}…` : why}`)
  }
}
