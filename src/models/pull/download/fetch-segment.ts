/** One request: asks for a range, reads the answer, and writes the bytes that can be trusted. */
import type { Clock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { judgeAnswer, type Question } from '../origin/judge-answer.ts'
import { networkError, type Origin, type OriginAnswer } from '../origin/origin.ts'
import { StallWatch } from '../origin/stall-watch.ts'

/** A chunk of this size is written directly, without a copy. */
const directBytes = 128 * 1024
/** Data of a slow connection is written after this time. */
const writeEveryMs = 250

export interface SegmentPorts {
  origin: Origin
  clock: Clock
  /** Chunks are collected in it before they are written. */
  buffer: Uint8Array
  stallMs: number
  /** Ends the request; data received until then is written. */
  signal: AbortSignal
  /** The state when the request is sent. */
  question: Omit<Question, 'etag'>
  /** The state when the answer arrives: other answers may have come in between. */
  etag: () => string | null
  /** Called with the ETag of an answer whose body is used. */
  onEtag: (etag: string) => void
  /** Writes `bytes`, whose buffer is reused afterwards. */
  write: (bytes: Uint8Array, at: number) => void
}

export type SegmentEnd =
  | { kind: 'complete' | 'aborted' | 'ignores-range' }
  | { kind: 'changed'; etag: string }
  | { kind: 'encoded'; encoding: string }
  /** Worth a retry. */
  | { kind: 'broken'; error: Hal0Error }

/** @throws Hal0Error of the disk, or of an origin that no other try will change */
export const fetchSegment = async (path: string, ports: SegmentPorts): Promise<SegmentEnd> => {
  const watch = new StallWatch(ports.clock, ports.stallMs, ports.signal)
  const broken = (why: string, cause?: unknown): SegmentEnd => ({
    kind: 'broken',
    error: networkError(path, why, cause),
  })
  const ended = (): SegmentEnd =>
    watch.stalled ? broken(`sent nothing for ${ports.stallMs / 1000} s`) : { kind: 'aborted' }
  let answer: OriginAnswer | 'ended' = 'ended'
  try {
    const { range, whole } = ports.question
    const opening = ports.origin.open(path, range[0], whole ? null : range[1], watch.signal)
    answer = await watch.wait(opening)
    if (answer === 'ended') {
      opening.then(drop, () => {
        // It was already aborted.
      })
      return ended()
    }
    const judgement = judgeAnswer(answer, { ...ports.question, etag: ports.etag() })
    if (judgement.kind === 'lies' || judgement.kind === 'refuses') return broken(judgement.why)
    if (judgement.kind !== 'body') return judgement
    if (answer.etag !== null) ports.onEtag(answer.etag)
    if (answer.body === null) return broken('sent no body')
    return await take(answer.body, range[0], judgement.to, range[1], { watch, ports, broken, ended })
  } catch (error) {
    if (!(error instanceof Hal0Error)) return broken('could not be reached', error)
    const mayPass = error.code === 'pull.network' || error.code === 'pull.rate_limited'
    if (mayPass && error.retry !== 'never') return { kind: 'broken', error }
    throw error
  } finally {
    watch.close()
    if (answer !== 'ended') drop(answer)
  }
}

/** Discards the rest of a body, and ignores errors. */
const drop = ({ body }: OriginAnswer): void => {
  if (body === null || body.locked) return
  body.cancel().catch(() => {})
}

/** Frees its memory at once: garbage collection comes late, which raises the memory peak of a fast download. */
const giveBack = (chunk: Uint8Array): void => {
  if (chunk.byteLength === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer) chunk.buffer.transfer(0)
}

interface Taking {
  watch: StallWatch
  ports: SegmentPorts
  broken: (why: string, cause?: unknown) => SegmentEnd
  ended: () => SegmentEnd
}

/**
 * Writes the body to [from, to). The last buffer is written only once the body has ended there: if an answer is too long, nothing
 * says which of its bytes are the right ones.
 */
const take = async (
  body: ReadableStream<Uint8Array>,
  from: number,
  to: number,
  wanted: number,
  { watch, ports, broken, ended }: Taking,
): Promise<SegmentEnd> => {
  const { buffer } = ports
  let filled = 0
  let at = from
  let wroteAt = ports.clock.now()
  const write = () => {
    if (filled > 0) ports.write(buffer.subarray(0, filled), at - filled)
    filled = 0
    wroteAt = ports.clock.now()
  }
  const reader = body.getReader()
  try {
    for (;;) {
      let read: Awaited<ReturnType<typeof reader.read>> | 'ended'
      try {
        read = await watch.wait(reader.read())
      } catch (error) {
        write()
        return broken('broke off', error)
      }
      if (read === 'ended') {
        write()
        return ended()
      }
      if (read.done) break
      const chunk = read.value
      if (at + chunk.length > to) return broken('sent more than it announced')
      if (chunk.length >= directBytes && at + chunk.length < to) {
        write()
        ports.write(chunk, at)
        at += chunk.length
        giveBack(chunk)
        wroteAt = ports.clock.now()
        continue
      }
      for (let used = 0; used < chunk.length; ) {
        if (filled === buffer.length) write()
        const part = chunk.subarray(used, used + buffer.length - filled)
        buffer.set(part, filled)
        filled += part.length
        used += part.length
        at += part.length
      }
      giveBack(chunk)
      if (at < to && ports.clock.now() - wroteAt >= writeEveryMs) write()
    }
    write()
    // Short ranges are legal, but count as failures; otherwise one byte per request would be progress.
    return at < to || to < wanted ? broken('ended before everything was sent') : { kind: 'complete' }
  } finally {
    reader.cancel().catch(() => {
      // The connection is closed in any case.
    })
  }
}
