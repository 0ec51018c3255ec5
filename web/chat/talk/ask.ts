/** Asks the slot and puts its answer into the conversation as it comes. */
import { signal } from '@preact/signals'
import { ApiError, request } from '../../data/api.ts'
import { texts } from '../texts.ts'
import { chunksOf } from './chunks.ts'
import { withChunk } from './reply.ts'
import { emptyReply, type Reply, requestOf, type Talk } from './talk.ts'
import { changeLast, changeTalk } from './talks.ts'

/** Answers under way, by id of their conversation. */
const running = signal<ReadonlyMap<string, AbortController>>(new Map())

export const isRunning = (talk: Pick<Talk, 'id'> | null): boolean => talk !== null && running.value.has(talk.id)

export const stop = (id: string): void => running.value.get(id)?.abort()

const change = (id: string, changed: (reply: Reply) => Reply): void =>
  changeLast(id, (turn) => (turn.role === 'assistant' ? changed(turn) : turn))

const receive = async (talk: Talk, slot: string, signal: AbortSignal): Promise<void> => {
  const began = performance.now()
  const response = await request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(requestOf(talk, slot)),
    signal,
  })
  if (response.body === null) throw new ApiError(texts.broke)
  let hasEnded = false
  for await (const chunk of chunksOf(response.body)) {
    hasEnded ||= chunk.choices?.[0]?.finish_reason != null || chunk.error !== undefined
    change(talk.id, (reply) => withChunk(reply, chunk, performance.now() - began))
  }
  if (!hasEnded) throw new ApiError(texts.broke)
}

const problemOf = (error: unknown): string =>
  // What a browser says of a broken stream ("network error") is for developers.
  error instanceof ApiError ? error.message : texts.broke

/** @param talk ends with a question */
export const ask = async (talk: Talk, slot: string): Promise<void> => {
  if (running.value.has(talk.id)) return
  const abort = new AbortController()
  running.value = new Map(running.value).set(talk.id, abort)
  changeTalk(talk.id, { turns: [...talk.turns, emptyReply] })
  try {
    await receive(talk, slot, abort.signal)
  } catch (error) {
    if (abort.signal.aborted) change(talk.id, (reply) => ({ ...reply, cut: 'stopped' }))
    else change(talk.id, (reply) => ({ ...reply, problem: problemOf(error) }))
  } finally {
    running.value = new Map([...running.value].filter(([id]) => id !== talk.id))
  }
}
