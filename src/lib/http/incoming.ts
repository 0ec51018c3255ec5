/** One request and its answer, between the HTTP server and the code that answers. */
import type { Client } from '../client.ts'
import type { WireHeaders } from './wire-headers.ts'

/** The body of a request. It is read only as fast as somebody asks for it; the rest stays with the client. */
export interface IncomingBody {
  /** Content-Length in bytes, 0 without a body; null: chunked, so the length is unknown until the end. */
  readonly length: number | null
  /** The whole body if all of it has arrived, without waiting for the event loop; null: use `next`. */
  whole(): Buffer | null
  /**
   * The next piece, never empty; null at the end. One call at a time.
   * @throws Hal0Error `request.invalid` for a body that is not valid HTTP, stalls (status 408) or ends too early
   */
  next(): Promise<Buffer | null>
}

/** `signal` aborts when the client leaves before it was answered. */
export interface IncomingRequest extends Client {
  /** As received; the usual methods are upper case. */
  readonly method: string
  /** Path and query as received, beginning with a slash; non-ASCII bytes are percent-encoded. */
  readonly target: string
  readonly headers: WireHeaders
  readonly body: IncomingBody
  /** Address of the client; over the local socket, its user, as `uid 1000`. */
  readonly peer: string
  /** It came over the local socket, and not over the network. */
  readonly overSocket: boolean
  /** Notes by whose key it came, so that it can be ended when that is revoked; null: by none. */
  heldBy(key: string | null): void
}

/**
 * Takes the answer to a request: `send`, or `begin`, any number of `write`, and then `end` or `break`. The server itself adds framing,
 * Date and Connection. After the client has left, the calls do nothing and do not fail.
 */
export interface Answer {
  /** The head of the answer was given. */
  readonly begun: boolean
  /** Called when there is room again, after a `write` that returned false. */
  onRoom: (() => void) | null
  /**
   * Sends a whole answer.
   * @param headers whole lines in latin1, each `name: value` and CRLF
   */
  send(status: number, headers: string, body: Uint8Array | null): void
  /** @param length of the body that follows, bytes; null: unknown until its end */
  begin(status: number, headers: string, length: number | null): void
  /** @param piece owned by the answer from here on @returns whether there is room for more */
  write(piece: Uint8Array): boolean
  end(): void
  /** Cuts the answer off after what was written, in a way that no client takes for complete. */
  break(): void
}
