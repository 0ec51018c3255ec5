/** Finds the `model` of a JSON body. Pure. */
import { Hal0Error } from '../lib/hal0-error.ts'

/** llama.cpp's own JSON parser overflows its stack on deep nesting; no real request comes near this. */
const maxDepth = 512

const quote = 0x22
const backslash = 0x5c

/** Index after the string whose opening quote is before `from`. */
const afterString = (json: Buffer, from: number): number => {
  for (let end = json.indexOf(quote, from); end >= 0; end = json.indexOf(quote, end + 1)) {
    let slashes = 0
    while (json[end - 1 - slashes] === backslash) slashes++
    if (slashes % 2 === 0) return end + 1
  }
  return json.length
}

/** Whether brackets nest deeper than `maxDepth`: a scan of the bytes, strings skipped, that needs no stack. */
export const nestsTooDeep = (json: Buffer): boolean => {
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

const invalid = (message: string, param?: string): Hal0Error =>
  new Hal0Error('request.invalid', message, param === undefined ? {} : { param })

const parseJson = (bytes: Uint8Array): unknown => {
  if (bytes.length === 0) throw invalid('The body is not valid JSON: it is empty.')
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    // The decoder has nothing to add to this.
    throw invalid('The body is not valid JSON: it is not UTF-8.')
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^JSON Parse error: /, '') : String(error)
    throw invalid(`The body is not valid JSON: ${why.length > 200 ? `${why.slice(0, 200)}…` : why}`)
  }
}

/**
 * @param bytes of a JSON body
 * @returns the name that the client asks for, never empty
 * @throws Hal0Error `request.invalid`
 */
export const modelOf = (bytes: Uint8Array): string => {
  const mayNest = bytes.length > maxDepth
  if (mayNest && nestsTooDeep(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
    throw invalid(`The body is not acceptable: its JSON nests deeper than ${maxDepth} levels.`)
  }
  const body = parseJson(bytes)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('The body must be a JSON object.')
  }
  const model = (body as { model?: unknown }).model
  if (typeof model === 'string' && model !== '') return model
  const found = model === undefined ? 'is missing' : 'must be a string that is not empty'
  throw invalid(`The field "model" ${found}. GET /v1/models lists the names that it can have.`, 'model')
}
