/** Token counts of an answer for the decision log, read from its last bytes without parsing it. One reader for each format of usage. */
import type { UsageFormat } from '../../contract/endpoints.ts'
import { tailBytes } from './stream-tail.ts'

export interface TokenCounts {
  prompt: number | null
  completion: number | null
}

/** The number after `"name":`, or null. */
const numberAfter = (text: string, name: string): number | null => {
  const at = text.indexOf(`"${name}":`)
  if (at < 0) return null
  const value = Number.parseInt(text.slice(at + name.length + 3, at + name.length + 20), 10)
  return Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** Finds the counts in a part of an answer; null: they are not there. */
type Reader = (text: string) => TokenCounts | null

/** What follows the last `"name":{`. Text by the model has escaped quotes, so it cannot contain that with bare quotes. */
const lastObject = (text: string, name: string): string | null => {
  const at = text.lastIndexOf(`"${name}":{`)
  return at < 0 ? null : text.slice(at)
}

const openai: Reader = (text) => {
  const usage = lastObject(text, 'usage')
  if (usage !== null) {
    return { prompt: numberAfter(usage, 'prompt_tokens'), completion: numberAfter(usage, 'completion_tokens') }
  }
  // The backend's own figures, in streams without requested usage: prompt_n does not include what came from its cache.
  const timings = lastObject(text, 'timings')
  if (timings === null) return null
  const fresh = numberAfter(timings, 'prompt_n')
  return {
    prompt: fresh === null ? null : fresh + (numberAfter(timings, 'cache_n') ?? 0),
    completion: numberAfter(timings, 'predicted_n'),
  }
}

const anthropic: Reader = (text) => {
  const usage = lastObject(text, 'usage')
  if (usage === null) return null
  return { prompt: numberAfter(usage, 'input_tokens'), completion: numberAfter(usage, 'output_tokens') }
}

const readers: Readonly<Record<UsageFormat, Reader>> = { openai, anthropic }
const none: TokenCounts = { prompt: null, completion: null }

/** The counts in a whole answer, or in the tail of a stream. Embeddings have them at the start, everything else at the end. */
export const tokenCounts = (bytes: Buffer, format: UsageFormat = 'openai'): TokenCounts => {
  const read = readers[format]
  const atEnd = read(bytes.toString('latin1', Math.max(0, bytes.length - tailBytes)))
  if (atEnd !== null || bytes.length <= tailBytes) return atEnd ?? none
  return read(bytes.toString('latin1', 0, tailBytes)) ?? none
}
