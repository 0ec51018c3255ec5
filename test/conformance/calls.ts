/** What clients do, once each. Greedy sampling and a fixed seed, so that the same server says the same again. */
import type { Clients } from './clients.ts'

/** @returns what the client made of the answer */
type Call = (clients: Clients) => Promise<unknown>

const sampling = { temperature: 0, seed: 7 }
const question = [{ role: 'user' as const, content: 'What is the capital of France?' }]
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const all = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
  const pieces: T[] = []
  for await (const piece of stream) pieces.push(piece)
  return pieces
}

const weather = {
  name: 'get_weather',
  description: 'The weather in a city',
  schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
}
const tools = [
  {
    type: 'function' as const,
    function: { name: weather.name, description: weather.description, parameters: weather.schema },
  },
]
const answerSchema = {
  type: 'object',
  properties: { capital: { type: 'string', maxLength: 12 } },
  required: ['capital'],
  additionalProperties: false,
}

/** Calls of a chat model. */
export const chatCalls = (model: string): Record<string, Call> => {
  const chat = { model, messages: question, max_tokens: 8, ...sampling }
  const message = { model, messages: question, max_tokens: 8, temperature: 0 }
  return {
    'a chat': ({ openai }) => openai.chat.completions.create(chat),
    'a streamed chat with usage': async ({ openai }) =>
      all(await openai.chat.completions.create({ ...chat, stream: true, stream_options: { include_usage: true } })),
    'a chat with tools': ({ openai }) => openai.chat.completions.create({ ...chat, tools, tool_choice: 'auto' }),
    'a chat that has to call a tool': ({ openai }) =>
      openai.chat.completions.create({ ...chat, max_tokens: 24, tools, tool_choice: 'required' }),
    'a streamed chat that has to call a tool': async ({ openai }) =>
      all(
        await openai.chat.completions.create({ ...chat, max_tokens: 24, tools, tool_choice: 'required', stream: true }),
      ),
    'a chat with the result of a tool': ({ openai }) =>
      openai.chat.completions.create({
        ...chat,
        tools,
        messages: [
          ...question,
          {
            role: 'assistant',
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: weather.name, arguments: '{"city":"Paris"}' } },
            ],
          },
          { role: 'tool', tool_call_id: 'call_1', content: 'Sunny.' },
        ],
      }),
    'a chat whose answer follows a JSON schema': ({ openai }) =>
      openai.chat.completions.create({
        ...chat,
        max_tokens: 24,
        response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: answerSchema } },
      }),
    'a chat with log probabilities': ({ openai }) =>
      openai.chat.completions.create({ ...chat, max_tokens: 3, logprobs: true, top_logprobs: 3 }),
    'a chat with two choices': ({ openai }) => openai.chat.completions.create({ ...chat, n: 2 }),
    'a chat with a stop sequence': ({ openai }) => openai.chat.completions.create({ ...chat, stop: ['Paris'] }),
    'an image, which a model without a projector cannot see': ({ openai }) =>
      openai.chat.completions.create({
        ...chat,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is this?' },
              { type: 'image_url', image_url: { url: pixel } },
            ],
          },
        ],
      }),
    'a prompt longer than the context': ({ openai }) =>
      openai.chat.completions.create({ ...chat, messages: [{ role: 'user', content: 'word '.repeat(5000) }] }),
    'a chat whose messages are no list': ({ openai }) =>
      openai.chat.completions.create({ ...chat, messages: 'Hello' as never }),
    'a completion': ({ openai }) =>
      openai.completions.create({ model, prompt: 'The capital of France is', max_tokens: 8, ...sampling }),
    'a streamed completion': async ({ openai }) =>
      all(
        await openai.completions.create({
          model,
          prompt: 'The capital of France is',
          max_tokens: 8,
          stream: true,
          ...sampling,
        }),
      ),
    'a response': ({ openai }) =>
      openai.responses.create({ model, input: 'What is the capital of France?', max_output_tokens: 8, temperature: 0 }),
    'a streamed response': async ({ openai }) =>
      all(
        await openai.responses.create({
          model,
          input: question,
          instructions: 'Answer briefly.',
          max_output_tokens: 8,
          temperature: 0,
          stream: true,
        }),
      ),
    'a message': ({ anthropic }) => anthropic.messages.create(message),
    'a streamed message': async ({ anthropic }) => all(await anthropic.messages.create({ ...message, stream: true })),
    'a message with tools': ({ anthropic }) =>
      anthropic.messages.create({
        ...message,
        max_tokens: 24,
        tools: [{ name: weather.name, description: weather.description, input_schema: weather.schema }],
        tool_choice: { type: 'any' },
      }),
    'a message with thinking': ({ anthropic }) =>
      anthropic.messages.create({ ...message, thinking: { type: 'enabled', budget_tokens: 1024 } }),
    'a message with a system prompt and blocks': ({ anthropic }) =>
      anthropic.messages.create({
        ...message,
        system: [{ type: 'text', text: 'Answer briefly.' }],
        messages: [{ role: 'user', content: [{ type: 'text', text: 'What is the capital of France?' }] }],
      }),
    'a message without messages': ({ anthropic }) =>
      anthropic.messages.create({ ...message, messages: undefined as never }),
    'a count of tokens': ({ anthropic }) => anthropic.messages.countTokens({ model, messages: question }),
  }
}

/** Calls of an embedding model. */
export const embeddingCalls = (model: string): Record<string, Call> => ({
  // OpenAI's client asks for base64 by itself.
  'embeddings in base64': ({ openai }) => openai.embeddings.create({ model, input: ['one', 'two'] }),
  'embeddings as numbers': ({ openai }) => openai.embeddings.create({ model, input: 'one', encoding_format: 'float' }),
})
