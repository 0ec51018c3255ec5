import { describe, expect, test } from 'bun:test'
import { StreamTail } from '../../../src/dispatch/dialects/stream-tail.ts'
import { tokenCounts } from '../../../src/dispatch/dialects/usage.ts'

const counts = (text: string) => tokenCounts(Buffer.from(text))

describe('token counts', () => {
  test('are read from the end of a long answer', () => {
    const answer = { content: 'x'.repeat(100_000), usage: { completion_tokens: 7, prompt_tokens: 12 }, id: 'a' }
    expect(counts(JSON.stringify(answer))).toEqual({ prompt: 12, completion: 7 })
  })

  test('are read from the front of embeddings', () => {
    const answer = { usage: { prompt_tokens: 3, total_tokens: 3 }, data: Array(5000).fill(0.5) }
    expect(counts(JSON.stringify(answer))).toEqual({ prompt: 3, completion: null })
  })

  test('are those of llama.cpp where a stream has no usage', () => {
    const event = { choices: [], timings: { cache_n: 4, prompt_n: 6, predicted_n: 16 } }
    expect(counts(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`)).toEqual({ prompt: 10, completion: 16 })
  })

  test('are not taken from text that a model wrote', () => {
    const content = '"usage":{"prompt_tokens":999,"completion_tokens":999}'
    expect(counts(JSON.stringify({ choices: [{ content }] }))).toEqual({ prompt: null, completion: null })
    expect(counts(JSON.stringify({ usage: { prompt_tokens: 1, completion_tokens: 2 }, content })).prompt).toBe(1)
  })

  test('are unknown in anything else', () => {
    expect(counts('')).toEqual({ prompt: null, completion: null })
    expect(counts('{"usage":{"prompt_tokens":"many"}}').prompt).toBeNull()
  })
})

test('a tail keeps at least the last 4 KiB and little more', () => {
  const tail = new StreamTail()
  for (let piece = 0; piece < 1000; piece++) tail.add(Buffer.alloc(100, piece % 256))
  const bytes = tail.bytes()
  expect(bytes.length).toBeGreaterThanOrEqual(4096)
  expect(bytes.length).toBeLessThan(4096 + 100)
  expect(bytes.at(-1)).toBe(999 % 256)
})
