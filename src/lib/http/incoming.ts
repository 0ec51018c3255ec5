/** One request and its answer, between the server of HTTP and what answers. */
import type { Client } from '../client.ts'
import type { WireHeaders } from './wire-headers.ts'

/** The body of a request, taken in as fast as somebody asks for it: what nobody asks for stays with the client. */
export interface IncomingBody {
  /** Content-Length in bytes, 0 without a body; null: in chunks, only its end will tell. */
  readonly length: number | null
  /** The whole body when all of it is here already, which costs no turn of the event loop; null: take it by `next`. */
  whole(): Buffer | null
  /**
   * The next piece, never empty; null at the end. One call at a time.
   * @throws Hal0Error `request.invalid` for a body that is no HTTP, that stalls (status 408) or ends too early
   */
  next(): Promise<Buffer | null>
}

/** `signal` aborts when the client is gone before it was answered. */
export interface IncomingRequest extends Client {
  /** As it came: upper case for every usual one. */
  readonly method: string
  /** Path and query as they came, beginning with a slash; bytes that are not ASCII are percent-encoded. */
  readonly target: string
  readonly headers: WireHeaders
  readonly body: IncomingBody
  /** Address of the client. */
  readonly peer: string
}

/**
 * Where a request is answered: `send`, or `begin`, any number of `write`, and `end` or `break`. Framing, Date and Connection are the
 * server's own. When the client is gone nothing of it fails; it does nothing then.
 */
export interface Answer {
  /** The head was given. */
  readonly begun: boolean
  /** Called when there is room again after a `write` that returned false. */
  onRoom: (() => void) | null
  /**
   * A whole answer in one.
   * @param headers whole lines in latin1, each `name: value` and CRLF
   */
  send(status: number, headers: string, body: Uint8Array | null): void
  /** @param length of the body to come in bytes; null: its end will tell */
  begin(status: number, headers: string, length: number | null): void
  /** @param piece is the answer's from here on @returns whether there is room for more */
  write(piece: Uint8Array): boolean
  end(): void
  /** Ends it, after what was written, so that no client takes it for complete. */
  break(): void
}
