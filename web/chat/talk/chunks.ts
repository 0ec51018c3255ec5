/** Reads the stream of a chat completion. */

/** What the page uses of a chunk; other servers than hal0's own leave parts out. */
export interface Chunk {
  choices?: {
    delta?: {
      content?: string | null
      reasoning_content?: string | null
      tool_calls?: { index?: number; function?: { name?: string; arguments?: string } }[]
    }
    finish_reason?: string | null
  }[]
  usage?: { completion_tokens?: number } | null
  timings?: { predicted_per_second?: number }
  error?: { message?: string }
}

const dataOf = (event: string): string =>
  event
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trimStart())
    .join('\n')

/** The chunks of an answer, as they come. @throws Error when the stream breaks, or has what is no JSON */
export async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Chunk> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const events = (rest + decoder.decode(value, { stream: true })).replaceAll('\r\n', '\n').split('\n\n')
      rest = events.pop() ?? ''
      for (const event of events) {
        const data = dataOf(event)
        if (data === '[DONE]') return
        if (data !== '') yield JSON.parse(data) as Chunk
      }
    }
  } finally {
    void reader.cancel().catch(() => {})
  }
}
