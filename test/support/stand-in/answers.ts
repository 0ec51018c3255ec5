/** Bodies in the format of llama-server b9993. */

export const error = (code: number, message: string, type: string) =>
  Response.json({ error: { code, message, type } }, { status: code })

export const loading = () => error(503, 'Loading model', 'unavailable_error')

export const models = (alias: string, listed: boolean) =>
  Response.json({
    object: 'list',
    data: listed
      ? [
          {
            id: alias,
            object: 'model',
            created: 0,
            owned_by: 'llamacpp',
            meta: { n_ctx: 512, n_ctx_train: 512, n_params: 1, size: 1 },
          },
        ]
      : [],
  })

export const props = (alias: string, slots: number) =>
  Response.json({ total_slots: slots, model_alias: alias, modalities: { vision: false, audio: false } })

/** The text of token number `index`. */
export const word = (index: number) => (index === 0 ? 'one' : ` more${index}`)

const usage = (tokens: number) => ({ prompt_tokens: 3, completion_tokens: tokens, total_tokens: 3 + tokens })

export const completion = (alias: string, chat: boolean, tokens: number, logprob: number | null) => {
  const text = Array.from({ length: tokens }, (_, index) => word(index)).join('')
  const logprobs = { content: [{ id: 1, token: 'one', bytes: [], logprob, top_logprobs: [] }] }
  const choice = chat
    ? { index: 0, message: { role: 'assistant', content: text }, logprobs, finish_reason: 'stop' }
    : { index: 0, text, logprobs, finish_reason: 'stop' }
  const object = chat ? 'chat.completion' : 'text_completion'
  return Response.json({ id: 'stand-in', object, created: 0, model: alias, choices: [choice], usage: usage(tokens) })
}

/** One `data:` frame of a stream; `index` null: the last one. */
export const frame = (alias: string, chat: boolean, index: number | null, tokens: number): string => {
  const text = index === null ? '' : word(index)
  const choice = chat ? { index: 0, delta: index === null ? {} : { content: text } } : { index: 0, text }
  const chunk = {
    id: 'stand-in',
    object: chat ? 'chat.completion.chunk' : 'text_completion',
    created: 0,
    model: alias,
    choices: [{ ...choice, finish_reason: index === null ? 'stop' : null }],
    ...(index === null ? { usage: usage(tokens), timings: { predicted_n: tokens } } : {}),
  }
  return `data: ${JSON.stringify(chunk)}\n\n`
}

export const embedding = (alias: string, nan: boolean) =>
  Response.json({
    object: 'list',
    model: alias,
    data: [{ object: 'embedding', index: 0, embedding: nan ? [null, null] : [0.6, 0.8] }],
    usage: { prompt_tokens: 3, total_tokens: 3 },
  })

/** Says which form it got. */
export const transcription = (form: Uint8Array) =>
  Response.json({
    text: `heard ${new Bun.CryptoHasher('sha256').update(form).digest('hex')}`,
    usage: { type: 'tokens', input_tokens: 14, output_tokens: 2, total_tokens: 16 },
  })

/** Bytes that are no text. */
export const speech = () =>
  new Response(
    Uint8Array.from({ length: 100_000 }, (_, index) => index % 256),
    {
      headers: { 'content-type': 'audio/mpeg' },
    },
  )

export const voices = () => Response.json({ voices: ['warm', 'plain'] })

export const rerank = (alias: string, documents: number, nan: boolean) =>
  Response.json({
    object: 'list',
    model: alias,
    results: Array.from({ length: documents }, (_, index) => ({ index, relevance_score: nan ? null : 1 - index / 10 })),
    usage: { prompt_tokens: 3, total_tokens: 3 },
  })
