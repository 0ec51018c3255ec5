/** Finds the `model` of a JSON body. Pure. */
import { Hal0Error } from '../lib/hal0-error.ts'
import { parseJsonBody } from '../lib/json-body.ts'

/** llama.cpp's own JSON parser overflows its stack on deep nesting; no real request comes near this. */
const maxDepth = 512

const invalid = (message: string, param?: string): Hal0Error =>
  new Hal0Error('request.invalid', message, param === undefined ? {} : { param })

/**
 * @param bytes of a JSON body
 * @returns the name that the client asks for, never empty
 * @throws Hal0Error `request.invalid`
 */
export const modelOf = (bytes: Uint8Array): string => {
  const body = parseJsonBody(bytes, maxDepth)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('The body must be a JSON object.')
  }
  const model = (body as { model?: unknown }).model
  if (typeof model === 'string' && model !== '') return model
  // Clients write null for what they leave out.
  const found = model === undefined || model === null ? 'is missing' : 'must be a string that is not empty'
  throw invalid(`The field "model" ${found}. GET /v1/models lists the names that it can have.`, 'model')
}
