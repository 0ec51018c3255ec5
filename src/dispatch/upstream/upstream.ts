/** The way to a backend. Over loopback today; another one (TLS, another machine) is another `Upstream` that a target brings. */
import type { BodyPieces } from '../body/body-pieces.ts'
import type { ResponseEvents } from './response-parser.ts'

/** One request as it goes out. */
export interface Outgoing {
  /** e.g. http://127.0.0.1:8081 */
  origin: string
  /** Request line and headers in latin1, up to and with the empty line. */
  head: string
  body: BodyPieces
}

/** Who sent a request, and hears what comes of it. */
export interface Exchange extends ResponseEvents {
  /** Everything that came in one go was told; a good moment to pass it on. */
  settled(): void
  /** Bytes were sent or came in: the backend is not silent. */
  progress(): void
  /** A large body is sent to its end: its memory is free. */
  sent(): void
  /** The answer will not be completed; the connection is closed. Called instead of `end`, at most once. */
  failed(cause: Error): void
}

/** A request on its way to a backend, and its answer on the way back. */
export interface Delivery {
  /** Sends it; called once. */
  begin(): void
  /** After a failure: sends it once more if the backend cannot have done anything with it. @returns whether it does */
  again(): boolean
  /** A piece of the answer was passed on. @param room whether the client takes more: if not, the backend is slowed to what it takes */
  passedOn(bytes: number, at: number, room: boolean): void
  /** The client takes more again. */
  resume(): void
  /** The backend sees a hang-up; the exchange hears nothing more. */
  cancel(): void
  /** Nothing more is wanted: the connection is free for others if it can be. */
  end(): void
}

export interface Upstream {
  deliver(outgoing: Outgoing, exchange: Exchange): Delivery
}
