/** A client that sends exactly the given bytes, closes one side or both, and reads or does not. */
import { connect, type Socket } from 'node:net'

export class RawClient {
  readonly #socket: Socket
  /** Everything that came, as latin1. */
  text = ''
  /** The server closed its side. */
  ended = false
  /** The connection is closed completely. */
  closed = false
  #wake: (() => void)[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    const changed = (): void => {
      for (const wake of this.#wake.splice(0)) wake()
    }
    socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1')
      changed()
    })
    socket.on('end', () => {
      this.ended = true
      changed()
    })
    socket.on('close', () => {
      this.ended = true
      this.closed = true
      changed()
    })
    // A reset ends in `close` as well.
    socket.on('error', () => {})
  }

  static open(port: number, reads = true): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
        const client = new RawClient(socket)
        if (!reads) socket.pause()
        resolve(client)
      })
      socket.once('error', reject)
    })
  }

  /** @param text latin1 */
  send(text: string): this {
    this.#socket.write(text, 'latin1')
    return this
  }

  /** Closes the sending side only. */
  halfClose(): this {
    this.#socket.end()
    return this
  }

  /** Closes it like a program that ends: both sides, without a reset. */
  close(): void {
    this.#socket.destroy()
  }

  /** Begins to read. */
  read(): void {
    this.#socket.resume()
  }

  /** Stops reading. */
  pause(): void {
    this.#socket.pause()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve)
      })
    }
  }

  /** All that came, once the server has closed its side. */
  async toEnd(): Promise<string> {
    await this.until(() => this.ended)
    return this.text
  }

  /** The statuses of the answers so far. */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))
  }
}

export const post = (path: string, body: string, headers = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`
