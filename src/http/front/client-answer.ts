/** Writes one answer to the client's connection: head, framing, and an end that shows whether the answer is complete. */
import { STATUS_CODES } from 'node:http'
import type { Answer } from '../../lib/http/incoming.ts'
import type { RequestHead } from './request/request-head.ts'
import type { SendQueue } from './send-queue.ts'

/** What an answer needs of its connection. */
export interface AnswerHost {
  readonly sendQueue: SendQueue
  /** Whether the connection can carry another request after this answer; asked when its head is written. */
  mayStayOpen(): boolean
  /** The answer is complete. @param stays its head said that the connection stays open */
  answered(stays: boolean): void
  /** The answer breaks off. @param shows whether a close of the connection shows that; otherwise only a reset does */
  broken(shows: boolean): void
}

/** Pieces up to this size are copied after their chunk size, so that a token is a single write. */
const copiedBytes = 64 * 1024
const lastChunk = Buffer.from('0\r\n\r\n')
const lineEnd = Buffer.from('\r\n')

const statusLines = new Map<number, string>()
const statusLine = (status: number): string => {
  let line = statusLines.get(status)
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
    statusLines.set(status, line)
  }
  return line
}

let dateLine = ''
let dateSecond = 0
/** The Date header, updated once a second. */
const date = (): string => {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateLine = `date: ${new Date(second * 1000).toUTCString()}\r\n`
  }
  return dateLine
}

const withoutBody = (status: number): boolean => status === 204 || status === 304

export class ClientAnswer implements Answer {
  onRoom: (() => void) | null = null
  readonly #host: AnswerHost
  readonly #isHead: boolean
  readonly #minor: 0 | 1
  readonly #wantsToStay: boolean
  #state: 'new' | 'begun' | 'over' = 'new'
  #stays = false
  #chunked = false
  /** No body may be written. */
  #bare = false
  /** Announced bytes of the body that are not written yet; null: no length was announced. */
  #owed: number | null = null

  constructor(host: AnswerHost, { method, minor, keepsAlive }: Pick<RequestHead, 'method' | 'minor' | 'keepsAlive'>) {
    this.#host = host
    this.#isHead = method === 'HEAD'
    this.#minor = minor
    this.#wantsToStay = keepsAlive
  }

  get begun(): boolean {
    return this.#state !== 'new'
  }

  send(status: number, headers: string, body: Uint8Array | null): void {
    if (this.#state !== 'new') return
    const size = body?.length ?? 0
    const head = this.#head(status, headers, size)
    this.#state = 'over'
    if (body === null || this.#bare || size === 0) {
      this.#host.sendQueue.write(Buffer.from(head, 'latin1'))
    } else if (size <= copiedBytes) {
      const whole = Buffer.allocUnsafe(head.length + size)
      whole.write(head, 'latin1')
      whole.set(body, head.length)
      this.#host.sendQueue.write(whole)
    } else {
      this.#host.sendQueue.write(Buffer.from(head, 'latin1'))
      this.#host.sendQueue.write(body)
    }
    this.#host.answered(this.#stays)
  }

  begin(status: number, headers: string, length: number | null): void {
    if (this.#state !== 'new') return
    this.#state = 'begun'
    this.#owed = length
    this.#host.sendQueue.write(Buffer.from(this.#head(status, headers, length), 'latin1'))
  }

  write(piece: Uint8Array): boolean {
    if (this.#state !== 'begun' || this.#bare || piece.length === 0) return true
    const { sendQueue } = this.#host
    if (this.#owed !== null) this.#owed -= piece.length
    if (!this.#chunked) return sendQueue.write(piece)
    const size = `${piece.length.toString(16)}\r\n`
    if (piece.length > copiedBytes) {
      sendQueue.write(Buffer.from(size))
      sendQueue.write(piece)
      return sendQueue.write(lineEnd)
    }
    const chunk = Buffer.allocUnsafe(size.length + piece.length + 2)
    chunk.write(size, 'latin1')
    chunk.set(piece, size.length)
    chunk.set(lineEnd, size.length + piece.length)
    return sendQueue.write(chunk)
  }

  end(): void {
    if (this.#state !== 'begun') return
    if (this.#owed !== null && this.#owed !== 0 && !this.#bare) {
      this.break()
      return
    }
    this.#state = 'over'
    if (this.#chunked) this.#host.sendQueue.write(lastChunk)
    this.#host.answered(this.#stays)
  }

  break(): void {
    if (this.#state === 'over') return
    const shows = this.#chunked || (this.#owed !== null && this.#owed > 0)
    this.#state = 'over'
    this.#host.broken(shows)
  }

  /** @param length of the body in bytes; null: not known */
  #head(status: number, headers: string, length: number | null): string {
    this.#bare = this.#isHead || withoutBody(status)
    // HTTP/1.0 has no chunks: there, the end of the connection is the end of the answer.
    this.#chunked = length === null && this.#minor === 1 && !this.#bare
    const framed = length !== null || this.#chunked || this.#bare
    this.#stays = framed && this.#wantsToStay && this.#host.mayStayOpen()
    let head = `${statusLine(status)}${headers}${date()}`
    if (this.#chunked) head += 'transfer-encoding: chunked\r\n'
    else if (length !== null && !withoutBody(status)) head += `content-length: ${length}\r\n`
    if (!this.#stays) head += 'connection: close\r\n'
    else if (this.#minor === 0) head += 'connection: keep-alive\r\n'
    return `${head}\r\n`
  }
}
