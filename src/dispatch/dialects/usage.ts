/** Token counts of an answer for the decision log, read from its bytes without parsing it. One reader for each format of usage. */
import type { UsageFormat } from '../../contract/endpoints.ts'

export interface TokenCounts {
  /** The whole prompt, including what came from a cache. */
  prompt: number | null
  /** The part of the prompt that came from a cache. */
  cached: number | null
  completion: number | null
}

/** The ends of an answer, each at least as much as `partBytes` of it where there is that much; they may overlap. */
export interface AnswerEnds {
  readonly start: Buffer
  readonly end: Buffer
}

/** How much of each end is searched: a last event with usage figures has about 700 bytes. */
export const partBytes = 4096

/** The number after `"name":`, or null. */
const numberAfter = (text: string, name: string): number | null => {
  const at = text.indexOf(`"${name}":`)
  if (at < 0) return null
  const value = Number.parseInt(text.slice(at + name.length + 3, at + name.length + 20), 10)
  return Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** What follows `"name":{`. Text by the model has escaped quotes, so it cannot contain that with bare quotes. */
const objectIn = (text: string, name: string, which: Which): string | null => {
  const wanted = `"${name}":{`
  const at = which === 'first' ? text.indexOf(wanted) : text.lastIndexOf(wanted)
  return at < 0 ? null : text.slice(at)
}

const sum = (...parts: (number | null)[]): number | null =>
  parts[0] === null ? null : parts.reduce<number>((total, part) => total + (part ?? 0), 0)

/** Which of several in a part of an answer. */
type Which = 'first' | 'last'

/** Finds the counts in a part of an answer; null: they are not there. */
type Reader = (text: string, which: Which) => TokenCounts | null

/** The backend's own figures, in streams without requested usage: prompt_n does not include what came from its cache. */
const timings: Reader = (text, which) => {
  const found = objectIn(text, 'timings', which)
  if (found === null) return null
  const cached = numberAfter(found, 'cache_n')
  return { prompt: sum(numberAfter(found, 'prompt_n'), cached), cached, completion: numberAfter(found, 'predicted_n') }
}

const openai: Reader = (text, which) => {
  const usage = objectIn(text, 'usage', which)
  if (usage === null) return timings(text, which)
  return {
    prompt: numberAfter(usage, 'prompt_tokens'),
    cached: numberAfter(usage, 'cached_tokens'),
    completion: numberAfter(usage, 'completion_tokens'),
  }
}

const responses: Reader = (text, which) => {
  const usage = objectIn(text, 'usage', which)
  if (usage === null) return timings(text, which)
  return {
    prompt: numberAfter(usage, 'input_tokens'),
    cached: numberAfter(usage, 'cached_tokens'),
    completion: numberAfter(usage, 'output_tokens'),
  }
}

/** Its input_tokens do not include what was read from a cache or written to it. */
const anthropic: Reader = (text, which) => {
  const usage = objectIn(text, 'usage', which)
  if (usage === null) return null
  const cached = numberAfter(usage, 'cache_read_input_tokens')
  const written = numberAfter(usage, 'cache_creation_input_tokens')
  return {
    prompt: sum(numberAfter(usage, 'input_tokens'), cached, written),
    cached,
    completion: numberAfter(usage, 'output_tokens'),
  }
}

const readers: Readonly<Record<UsageFormat, Reader>> = { openai, responses, anthropic, none: () => null }
const none: TokenCounts = { prompt: null, cached: null, completion: null }

/**
 * The counts in an answer. Most have them at the end, embeddings at the start, and a stream of Anthropic's has the prompt's at the
 * start and the completion's at the end.
 */
export const tokenCounts = (answer: AnswerEnds, format: UsageFormat): TokenCounts => {
  const read = readers[format]
  const { end } = answer
  const atEnd = read(end.toString('latin1', Math.max(0, end.length - partBytes)), 'last')
  if (atEnd !== null && atEnd.prompt !== null) return atEnd
  const atStart = read(answer.start.toString('latin1', 0, partBytes), 'first') ?? none
  return atEnd === null ? atStart : { ...atStart, completion: atEnd.completion }
}

/** How fast the backend says that it generated the answer, tokens per second; null: it does not say. */
export const generationRate = ({ end }: AnswerEnds): number | null => {
  const found = objectIn(end.toString('latin1', Math.max(0, end.length - partBytes)), 'timings', 'last')
  const [, text] = /"predicted_per_second":([\d.]{1,24})/.exec(found ?? '') ?? []
  const value = Number(text)
  return Number.isFinite(value) && value > 0 ? Math.round(value * 100) / 100 : null
}
