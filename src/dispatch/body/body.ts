/** Reads the body of a request within limits, and finds the model that it asks for on the way. */

import { turn } from '../../lib/clock.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { IncomingBody } from '../../lib/http/incoming.ts'
import type { BodyShare } from './body-budget.ts'
import { BodyPieces } from './body-pieces.ts'
import type { ModelReader } from './model-reader.ts'

export const defaultMaxBodyBytes = 64 * 1024 * 1024

/** Bytes scanned at a time, about a millisecond's work; other requests are answered in between. */
const sliceBytes = 128 * 1024
/** Bytes read before it is known whether the request is refused anyway. */
const firstBytes = 64 * 1024

const tooLarge = (limit: number): Hal0Error =>
  new Hal0Error(
    'request.too_large',
    `The body is larger than the ${Math.floor((limit / 1024 / 1024) * 1000) / 1000} MiB that this server takes. Send less, or raise max_body_mb in hal0.toml.`,
    { details: { limit_bytes: limit } },
  )

export interface Intake {
  /** Largest body, bytes. */
  limit: number
  share: BodyShare
  reader: ModelReader
  /** Throws the error with which the request will be refused, as soon as its model is known: then the rest of the body is not read. */
  judge(model: string): void
}

/** An unchanged body, and the model that its request asks for; null: none. */
export interface Taken {
  body: BodyPieces
  model: string | null
}

const takeWhole = (bytes: Buffer, reader: ModelReader): Taken => {
  reader.feed(bytes)
  return { body: BodyPieces.of(bytes), model: reader.end() }
}

/** Scans one piece after the other, with turns of the event loop in between. */
class Search {
  readonly #reader: ModelReader
  readonly #judge: Intake['judge']
  #judged = false
  #sinceTurn = 0
  /** Why the body is invalid. Its size is still counted, so that a body that is too large is reported as such. */
  #broken: Hal0Error | null = null

  constructor({ reader, judge }: Intake) {
    this.#reader = reader
    this.#judge = judge
  }

  /** @returns whether the piece is still useful @throws what `judge` throws */
  async feed(piece: Buffer): Promise<boolean> {
    for (let at = 0; at < piece.length && this.#broken === null; at += sliceBytes) {
      const slice = piece.subarray(at, at + sliceBytes)
      this.#read(slice)
      if (!this.#judged && this.#reader.name !== null) {
        this.#judged = true
        this.#judge(this.#reader.name)
      }
      this.#sinceTurn += slice.length
      if (this.#sinceTurn < sliceBytes) continue
      this.#sinceTurn = 0
      await turn()
    }
    return this.#broken === null
  }

  /** @returns the model; null: the endpoint needs none @throws Hal0Error `request.invalid` */
  end(): string | null {
    if (this.#broken !== null) throw this.#broken
    return this.#reader.end()
  }

  #read(slice: Buffer): void {
    try {
      this.#reader.feed(slice)
    } catch (error) {
      this.#broken = Hal0Error.from(error)
    }
  }
}

const takePieces = async (incoming: IncomingBody, first: Buffer | null, intake: Intake): Promise<Taken> => {
  const { limit, share } = intake
  const search = new Search(intake)
  const body = new BodyPieces()
  let size = 0
  for (let piece = first ?? (await incoming.next()); piece !== null; piece = await incoming.next()) {
    size += piece.length
    if (size > limit) throw tooLarge(limit)
    if (!(await search.feed(piece))) continue
    share.growTo(Math.max(size, incoming.length ?? 0))
    body.add(piece)
  }
  return { body, model: search.end() }
}

/**
 * The unchanged body, and its model. A request that will be refused is refused before more than the beginning of its body is read.
 * @returns synchronously, if the body is small and has already arrived
 * @throws Hal0Error `request.too_large`, `request.invalid`, `daemon.busy`, what `judge` throws, the connection's error when it ends
 * early (rejects, or throws when synchronous)
 */
export const takeBody = (incoming: IncomingBody, intake: Intake): Taken | Promise<Taken> => {
  const { length } = incoming
  const { limit, share } = intake
  if (length !== null && length > limit) throw tooLarge(limit)
  share.growTo(Math.min(length ?? firstBytes, firstBytes))
  const whole = length !== null && length > sliceBytes ? null : incoming.whole()
  if (whole === null || whole.length > sliceBytes) return takePieces(incoming, whole, intake)
  if (whole.length > limit) throw tooLarge(limit)
  share.growTo(whole.length)
  return takeWhole(whole, intake.reader)
}
