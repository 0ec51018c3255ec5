/** Reaches a backend on another machine: TLS, one connection for each request. None of hal0's own is over TLS yet. */
import { connect, type TLSSocket } from 'node:tls'
import { ResponseParser } from '../../../src/dispatch/upstream/response-parser.ts'
import type { Delivery, Exchange, Outgoing, Upstream } from '../../../src/dispatch/upstream/upstream.ts'

class TlsDelivery implements Delivery {
  readonly #outgoing: Outgoing
  readonly #exchange: Exchange
  readonly #ca: string
  readonly #parser = new ResponseParser()
  #socket: TLSSocket | null = null

  constructor(outgoing: Outgoing, exchange: Exchange, ca: string) {
    this.#outgoing = outgoing
    this.#exchange = exchange
    this.#ca = ca
  }

  begin(): void {
    const { origin, head, body } = this.#outgoing
    const { hostname, port } = new URL(origin)
    const socket = connect({ host: '127.0.0.1', port: Number(port), servername: hostname, ca: this.#ca })
    this.#socket = socket
    socket.on('secureConnect', () => {
      socket.write(Buffer.concat([Buffer.from(head, 'latin1'), ...body.list()]))
      this.#exchange.progress()
    })
    socket.on('data', (bytes) => {
      this.#exchange.progress()
      this.#parser.feed(Buffer.from(bytes), this.#exchange)
      this.#exchange.settled()
    })
    socket.on('error', (error) => this.#failed(error))
    socket.on('close', () => {
      if (!this.#parser.done) this.#failed(new Error('the connection was closed'))
    })
  }

  again(): boolean {
    return false
  }

  passedOn(_bytes: number, _at: number, room: boolean): void {
    if (!room) this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  cancel(): void {
    this.end()
  }

  end(): void {
    const socket = this.#socket
    this.#socket = null
    socket?.destroy()
  }

  #failed(error: Error): void {
    if (this.#socket === null) return
    this.#socket = null
    this.#exchange.failed(error)
  }
}

export class TlsUpstream implements Upstream {
  readonly #ca: string

  /** @param ca the certificate that is trusted, in PEM */
  constructor(ca: string) {
    this.#ca = ca
  }

  deliver(outgoing: Outgoing, exchange: Exchange): Delivery {
    return new TlsDelivery(outgoing, exchange, this.#ca)
  }
}
