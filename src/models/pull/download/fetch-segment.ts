/** One request: asks for a range, reads what comes, writes what can be trusted to be it. */
import type { Clock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { judgeAnswer, type Question } from '../origin/judge-answer.ts'
import { networkError, type Origin, type OriginAnswer } from '../origin/origin.ts'
import { StallWatch } from '../origin/stall-watch.ts'

/** A chunk of this size is worth a write of its own: it need not be copied. */
const directBytes = 128 * 1024
/** Of a slow connection, what came is written after this long. */
const writeEveryMs = 250

export interface SegmentPorts {
  origin: Origin
  clock: Clock
  /** Chunks are collected in it before they are written. */
  buffer: Uint8Array
  stallMs: number
  /** Ends the request; what came by then is written. */
  signal: AbortSignal
  /** As it stands when the request is made. */
  question: Omit<Question, 'etag'>
  /** As it stands when the answer comes: others may have come in between. */
  etag: () => string | null
  /** An answer of which the body is taken carries this. */
  onEtag: (etag: string) => void
  /** Writes; `bytes` is used again afterwards. */
  write: (bytes: Uint8Array, at: number) => void
}

export type SegmentEnd =
  | { kind: 'complete' | 'aborted' | 'ignores-range' }
  | { kind: 'changed'; etag: string }
  | { kind: 'encoded'; encoding: string }
  /** Worth another try. */
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
        // It was given up already.
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
    if (error.code === 'pull.network' || error.code === 'pull.rate_limited') return { kind: 'broken', error }
    throw error
  } finally {
    watch.close()
    if (answer !== 'ended') drop(answer)
  }
}

/** The rest of a body is of no interest, nor is what becomes of it. */
const drop = ({ body }: OriginAnswer): void => {
  if (body === null || body.locked) return
  body.cancel().catch(() => {})
}

/** Its memory, now: a collection that has much of it to find comes late, and the peak of a fast download is the higher. */
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
 * Writes the body to [from, to). The last buffer is written only once the body has ended there: of an answer that goes on,
 * nothing says which of its bytes are the right ones.
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
    // Short ranges are legal; without counting them as failures one byte per request would be progress.
    return at < to || to < wanted ? broken('ended before everything was sent') : { kind: 'complete' }
  } finally {
    reader.cancel().catch(() => {
      // The connection is gone in any case.
    })
  }
}
