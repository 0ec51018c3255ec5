import { describe, expect, test } from 'bun:test'
import type { UsageFormat } from '../../../src/contract/endpoints.ts'
import { StreamEnds } from '../../../src/dispatch/dialects/stream-ends.ts'
import { generationRate, tokenCounts } from '../../../src/dispatch/dialects/usage.ts'

/** Of a stream that arrived in pieces, or of a whole answer. */
const counts = (answer: string | readonly string[], format: UsageFormat = 'openai') => {
  const ends = new StreamEnds()
  for (const piece of [answer].flat()) ends.add(Buffer.from(piece))
  return tokenCounts(ends, format)
}
const unknown = { prompt: null, cached: null, completion: null }

describe('token counts', () => {
  test('are read from the end of a long answer', () => {
    const answer = { content: 'x'.repeat(100_000), usage: { completion_tokens: 7, prompt_tokens: 12 }, id: 'a' }
    expect(counts(JSON.stringify(answer))).toEqual({ prompt: 12, cached: null, completion: 7 })
  })

  test('are read from the front of embeddings', () => {
    const answer = { usage: { prompt_tokens: 3, total_tokens: 3 }, data: Array(5000).fill(0.5) }
    expect(counts(JSON.stringify(answer))).toEqual({ prompt: 3, cached: null, completion: null })
  })

  test('are those of llama.cpp where a stream has no usage', () => {
    const event = { choices: [], timings: { cache_n: 4, prompt_n: 6, predicted_n: 16 } }
    expect(counts(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`)).toEqual({
      prompt: 10,
      cached: 4,
      completion: 16,
    })
  })

  test('are not taken from text that a model wrote', () => {
    const content = '"usage":{"prompt_tokens":999,"completion_tokens":999}'
    expect(counts(JSON.stringify({ choices: [{ content }] }))).toEqual(unknown)
    expect(counts(JSON.stringify({ usage: { prompt_tokens: 1, completion_tokens: 2 }, content })).prompt).toBe(1)
  })

  test('are unknown in anything else', () => {
    expect(counts('')).toEqual(unknown)
    expect(counts('{"usage":{"prompt_tokens":"many"}}').prompt).toBeNull()
  })

  test('of OpenAI include what came from the cache, which is counted too', () => {
    const usage = { prompt_tokens: 32, completion_tokens: 6, prompt_tokens_details: { cached_tokens: 31 } }
    expect(counts(JSON.stringify({ usage }))).toEqual({ prompt: 32, cached: 31, completion: 6 })
  })

  test('of the Responses API are those of its last event, however long the answer in it', () => {
    const usage = { input_tokens: 32, output_tokens: 4, input_tokens_details: { cached_tokens: 31 } }
    const last = { type: 'response.completed', response: { output: 'x'.repeat(50_000), usage }, timings: {} }
    const stream = [
      'event: response.created\ndata: {}\n\n',
      `event: response.completed\ndata: ${JSON.stringify(last)}\n\n`,
    ]
    expect(counts(stream, 'responses')).toEqual({ prompt: 32, cached: 31, completion: 4 })
    expect(counts(JSON.stringify({ output: [], usage }), 'responses')).toEqual({
      prompt: 32,
      cached: 31,
      completion: 4,
    })
  })

  test('of a message of Anthropic’s add what came from the cache and what went into it', () => {
    const usage = { cache_read_input_tokens: 31, cache_creation_input_tokens: 2, input_tokens: 1, output_tokens: 4 }
    expect(counts(JSON.stringify({ content: [], usage }), 'anthropic')).toEqual({
      prompt: 34,
      cached: 31,
      completion: 4,
    })
  })

  test('of a stream of Anthropic’s are at its start and at its end, however long it is', () => {
    const start = { message: { usage: { cache_read_input_tokens: 31, input_tokens: 1, output_tokens: 0 } } }
    const word = 'event: content_block_delta\ndata: {"delta":{"text":" word"}}\n\n'
    const delta = 'event: message_delta\ndata: {"delta":{},"usage":{"output_tokens":400}}\n\n'
    const stop = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    for (const words of [1, 400]) {
      const pieces = [
        `event: message_start\ndata: ${JSON.stringify(start)}\n\n`,
        ...Array(words).fill(word),
        delta,
        stop,
      ]
      expect(counts(pieces, 'anthropic')).toEqual({ prompt: 32, cached: 31, completion: 400 })
      expect(counts(pieces.join(''), 'anthropic')).toEqual({ prompt: 32, cached: 31, completion: 400 })
    }
  })

  test('are not looked for where an answer has none', () => {
    expect(counts('{"usage":{"prompt_tokens":3}}', 'none')).toEqual(unknown)
  })
})

test('the rate of an answer is the backend’s figure, where it says one', () => {
  const rate = (text: string) => generationRate({ start: Buffer.from(text), end: Buffer.from(text) })
  expect(rate(JSON.stringify({ timings: { predicted_n: 16, predicted_per_second: 41.0678 } }))).toBe(41.07)
  expect(rate(JSON.stringify({ content: '"timings":{"predicted_per_second":9}' }))).toBeNull()
  expect(rate(JSON.stringify({ timings: { predicted_per_second: 0 } }))).toBeNull()
})

describe('of a stream is kept', () => {
  const numbered = (count: number): StreamEnds => {
    const ends = new StreamEnds()
    for (let piece = 0; piece < count; piece++) ends.add(Buffer.alloc(100, piece % 256))
    return ends
  }

  test('at least the last 4 KiB and little more', () => {
    const { end } = numbered(1000)
    expect(end.length).toBeGreaterThanOrEqual(4096)
    expect(end.length).toBeLessThan(4096 + 100)
    expect(end.at(-1)).toBe(999 % 256)
  })

  test('at least the first 4 KiB and little more', () => {
    const { start } = numbered(1000)
    expect(start.length).toBeGreaterThanOrEqual(4096)
    expect(start.length).toBeLessThan(4096 + 100)
    expect([start[0], start[100]]).toEqual([0, 1])
  })
})
