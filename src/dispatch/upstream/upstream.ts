/** The connection to a backend. It is loopback today; another kind (TLS, another machine) is another `Upstream` of a target. */
import type { BodyPieces } from '../body/body-pieces.ts'
import type { ResponseEvents } from './response-parser.ts'

/** One request as it goes out. */
export interface Outgoing {
  /** e.g. http://127.0.0.1:8081 */
  origin: string
  /** Request line and headers in latin1, including the empty line. */
  head: string
  body: BodyPieces
}

/** The sender of a request, which gets its events. */
export interface Exchange extends ResponseEvents {
  /** All bytes of one read were reported; a good moment to pass them on. */
  settled(): void
  /** Bytes were sent or received: the backend is not silent. */
  progress(): void
  /** A large body was sent completely: its memory is free. */
  sent(): void
  /** The answer will not be completed; the connection is closed. Called instead of `end`, at most once. */
  failed(cause: Error): void
}

/** A request to a backend, and its answer. */
export interface Delivery {
  /** Sends it; called once. */
  begin(): void
  /** After a failure: sends the request again if the backend cannot have processed it. @returns whether it does */
  again(): boolean
  /** A piece of the answer was passed on. @param room whether the client takes more: if not, the backend is slowed to what it takes */
  passedOn(bytes: number, at: number, room: boolean): void
  /** The client takes more again. */
  resume(): void
  /** The backend sees a hang-up; the exchange hears nothing more. */
  cancel(): void
  /** The answer is complete: the connection can be reused, if possible. */
  end(): void
}

export interface Upstream {
  deliver(outgoing: Outgoing, exchange: Exchange): Delivery
}
