/** Bodies of `/api` requests, within bounds: bytes, nesting, encoding. Those of `/v1` are the dispatcher's. */
import { Hal0Error } from '../lib/hal0-error.ts'

/** Bodies of `/api` are configurations; nothing legitimate comes near. */
const maxBytes = 1_048_576
/** Deepest nesting of a body; the deepest one that a schema allows has 3 levels. */
const maxDepth = 64

const tooLarge = (): Hal0Error =>
  new Hal0Error('request.too_large', `The body is larger than ${maxBytes} bytes, the most that the API takes.`, {
    details: { limit_bytes: maxBytes },
  })

/** @throws Hal0Error `request.too_large`; `request.invalid` when the body breaks off */
const readBytes = async (request: Request): Promise<Uint8Array> => {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength
      // A body in chunks announces no length. Leaving the loop cancels the stream; Bun drops what still comes.
      if (size > maxBytes) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw new Hal0Error('request.invalid', 'The request body could not be read to its end. Send it again.', {
      cause: error,
    })
  }
  if (size > maxBytes) throw tooLarge()
  return Buffer.concat(chunks)
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
 * The JSON in the body of `request`; undefined for an empty one.
 * @throws Hal0Error `request.too_large`, `request.invalid`
 */
export const readJson = async (request: Request): Promise<unknown> => {
  const bytes = await readBytes(request)
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
