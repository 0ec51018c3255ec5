/**
 * Cross-origin requests of web pages (spec §8): off, but for the exact origins in `cors_origins`, for inference only, and only with a
 * key. Whoever comes without one gets the answer of any other page, which the browser does not show to it.
 */
import type { Caller } from '../../contract/caller.ts'
import type { Answer, IncomingRequest } from '../../lib/http/incoming.ts'

type Asked = Pick<IncomingRequest, 'method' | 'target' | 'headers'>

/** How long a browser remembers what it was told, seconds. */
const rememberedS = 600

/** Headers that OpenAI's and Anthropic's clients send from a page; a page's own are added by what it asks for. */
const usualHeaders = 'authorization, content-type, x-api-key'
const headerNames = /^[a-z0-9!#$%&'*+.^_`|~-]+(?:\s*,\s*[a-z0-9!#$%&'*+.^_`|~-]+)*$/i
const longestNames = 2000

export class Cors {
  readonly #origins: ReadonlySet<string>
  readonly #isInference: (target: string) => boolean

  /**
   * @param origins as browsers write them: scheme, host, and a port that is not the usual one
   * @param isInference whether a target is one of inference, in any of its spellings
   */
  constructor(origins: readonly string[], isInference: (target: string) => boolean) {
    this.#origins = new Set(origins.map((origin) => origin.toLowerCase()))
    this.#isInference = isInference
  }

  /** The origin of a page that may use this; null: of none, which costs nothing where there are none. */
  #originOf({ headers, target }: Asked): string | null {
    if (this.#origins.size === 0) return null
    const origin = headers.get('origin')
    const isAllowed = origin !== null && this.#origins.has(origin.toLowerCase())
    // Browsers resolve dots before they send a path; who does not means another one.
    const isPlain = !/\.\.|%2e|\\/i.test(target)
    return isAllowed && isPlain && this.#isInference(target) ? origin : null
  }

  /** The header lines of the answer to a browser that asks before it sends a request; null: this is no such question. */
  preflight(request: Asked): string | null {
    const origin = this.#originOf(request)
    if (origin === null || request.method !== 'OPTIONS') return null
    if (request.headers.get('access-control-request-method') === null) return null
    const wanted = request.headers.get('access-control-request-headers') ?? ''
    const allowed = wanted.length <= longestNames && headerNames.test(wanted) ? wanted : usualHeaders
    return `${originLines(origin)}access-control-allow-methods: GET, POST, DELETE\r\naccess-control-allow-headers: ${allowed}\r\naccess-control-max-age: ${rememberedS}\r\n`
  }

  /** The answer, with what lets the page read it, if its request has a key. */
  readable(request: Asked, { kind }: Pick<Caller, 'kind'>, answer: Answer): Answer {
    const origin = kind === 'key' ? this.#originOf(request) : null
    return origin === null ? answer : new ReadableAnswer(answer, originLines(origin))
  }
}

const originLines = (origin: string): string =>
  `access-control-allow-origin: ${origin}\r\nvary: origin\r\naccess-control-expose-headers: x-request-id, retry-after\r\n`

/** An answer with some more header lines. */
class ReadableAnswer implements Answer {
  readonly #answer: Answer
  readonly #lines: string

  constructor(answer: Answer, lines: string) {
    this.#answer = answer
    this.#lines = lines
  }

  get begun(): boolean {
    return this.#answer.begun
  }

  get onRoom(): Answer['onRoom'] {
    return this.#answer.onRoom
  }

  set onRoom(call: Answer['onRoom']) {
    this.#answer.onRoom = call
  }

  send(status: number, headers: string, body: Uint8Array | null): void {
    this.#answer.send(status, headers + this.#lines, body)
  }

  begin(status: number, headers: string, length: number | null): void {
    this.#answer.begin(status, headers + this.#lines, length)
  }

  write(piece: Uint8Array): boolean {
    return this.#answer.write(piece)
  }

  end(): void {
    this.#answer.end()
  }

  break(): void {
    this.#answer.break()
  }
}
