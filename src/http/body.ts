/** Request bodies with bounds: bytes, nesting, encoding. */
import { Hal0Error } from '../lib/hal0-error.ts'
import { tooLarge } from './errors.ts'

/** Deepest nesting of an API body; the deepest one that a schema allows has 3 levels. */
const maxDepth = 64

/**
 * The whole body.
 * @param limit what sets `maxBytes`, for the error's sentence
 * @throws Hal0Error `request.too_large`, also for bodies sent in chunks without a length; `request.invalid` when it breaks off
 */
export const readBytes = async (
  request: Request,
  maxBytes: number,
  limit: string,
): Promise<Uint8Array<ArrayBuffer>> => {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes, limit)
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength
      if (size > maxBytes) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw new Hal0Error('request.invalid', 'The request body could not be read to its end. Send it again.', {
      cause: error,
    })
  }
  if (size > maxBytes) throw tooLarge(maxBytes, limit)
  return new Uint8Array(Buffer.concat(chunks))
}

/** Whether brackets outside of strings nest deeper than `maxDepth`. Cheaper than letting a parser find out. */
const nestsTooDeep = (text: string): boolean => {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (inString) {
      if (char === '\\') at++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') {
      if (++depth > maxDepth) return true
    } else if (char === '}' || char === ']') depth--
  }
  return false
}

/**
 * The JSON in `bytes`; undefined for an empty body.
 * @throws Hal0Error `request.invalid`
 */
export const parseJson = (bytes: Uint8Array): unknown => {
  if (bytes.length === 0) return undefined
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Hal0Error('request.invalid', 'The body is not valid UTF-8.', { cause: error })
  }
  if (nestsTooDeep(text)) {
    throw new Hal0Error('request.invalid', `The body nests deeper than ${maxDepth} levels.`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace('JSON Parse error: ', '') : String(error)
    throw new Hal0Error('request.invalid', `The body is not valid JSON: ${why}.`, { cause: error })
  }
}
