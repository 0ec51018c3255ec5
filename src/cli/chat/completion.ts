/** One streamed answer of `POST /v1/chat/completions`. */
import { type Static, Type } from 'typebox'
import { endpoints } from '../../contract/endpoints.ts'
import { nullable } from '../../contract/schema/nullable.ts'
import { problemsOf } from '../../lib/validate.ts'
import { refusal } from '../api/client.ts'
import { broken, notHal0, send } from '../api/connection.ts'
import { parseEvents } from '../api/event-stream.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'

export interface Message {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** A piece of the answer, or of the thinking before it. */
export interface Piece {
  kind: 'answer' | 'thinking'
  text: string
}

const [path] = endpoints.chatCompletions.paths
const text = Type.Optional(nullable(Type.String()))

/** The fields of a chunk that are read; backends add fields of their own. */
const Chunk = Type.Object({
  choices: Type.Array(
    Type.Object({
      delta: Type.Object({ content: text, reasoning_content: text }),
      finish_reason: text,
    }),
  ),
})
const StreamError = Type.Object({ error: Type.Object({ message: Type.String() }) })

/**
 * Sends the conversation. Resolves when the answer begins.
 * @throws Failure why there is no answer; the signal's reason once it aborted
 */
export const openCompletion = async (
  slot: string,
  messages: readonly Message[],
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> => {
  const response = await send({ method: 'POST', path, body: { model: slot, messages, stream: true }, signal })
  if (response.status !== 200) throw refusal(path, response.status, await response.text(), slot)
  if (response.body === null) throw notHal0(path, 'answered with nothing')
  return response.body
}

/**
 * The pieces of an answer as they arrive.
 * @throws Failure when the stream ends before the answer is complete; the signal's reason once it aborted
 */
export async function* readCompletion(
  slot: string,
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  let complete = false
  try {
    for await (const { data } of parseEvents(stream)) {
      if (data === '[DONE]') return
      const { choices } = readChunk(data)
      for (const { delta, finish_reason } of choices) {
        if (typeof delta.reasoning_content === 'string') yield { kind: 'thinking', text: delta.reasoning_content }
        if (typeof delta.content === 'string') yield { kind: 'answer', text: delta.content }
        if (typeof finish_reason === 'string') complete = true
      }
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof Failure) throw error
    throw brokenOff(slot, broken(error, signal))
  }
  if (!complete) throw brokenOff(slot)
}

const brokenOff = (slot: string, cause?: unknown): Failure =>
  new Failure(exitCode.failed, 'The answer broke off: the backend or the connection to it went away.', {
    hint: `hal0 slot show ${slot}`,
    cause,
  })

const readChunk = (data: string): Static<typeof Chunk> => {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    throw notHal0(path, 'sent a piece that is not JSON')
  }
  if (problemsOf(StreamError, value).length === 0) {
    const { error } = value as Static<typeof StreamError>
    throw new Failure(exitCode.failed, `The answer broke off: ${error.message}`)
  }
  if (problemsOf(Chunk, value).length > 0) throw notHal0(path, 'sent a piece that is not part of an answer')
  return value as Static<typeof Chunk>
}
