/** A reader of server-sent events that shows what EventSource hides: comments, and events as they were written. */

export interface ReadEvent {
  event: string | null
  id: string | null
  data: string
  comment: boolean
}

const parseBlock = (block: string): ReadEvent => {
  const read: ReadEvent = { event: null, id: null, data: '', comment: false }
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith(':')) read.comment = true
    else if (line.startsWith('event: ')) read.event = line.slice(7)
    else if (line.startsWith('id: ')) read.id = line.slice(4)
    else if (line.startsWith('data: ')) data.push(line.slice(6))
  }
  read.data = data.join('\n')
  return read
}

export class EventReader {
  readonly response: Response
  readonly #abort: AbortController
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  #text = ''

  private constructor(response: Response, abort: AbortController) {
    if (response.body === null) throw new Error('the answer has no body')
    this.response = response
    this.#abort = abort
    this.#reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  }

  static async open(url: string, lastEventId?: string): Promise<EventReader> {
    const abort = new AbortController()
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    return new EventReader(await fetch(url, { headers, signal: abort.signal }), abort)
  }

  /** The next block, comments included; null at the end of the stream. */
  async nextBlock(): Promise<ReadEvent | null> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end >= 0) {
        const block = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        return parseBlock(block)
      }
      const { done, value } = await this.#reader.read()
      if (done) return null
      this.#text += this.#decoder.decode(value, { stream: true })
    }
  }

  /** The next event; comments are skipped. */
  async next(): Promise<ReadEvent> {
    for (;;) {
      const block = await this.nextBlock()
      if (block === null) throw new Error('the stream ended')
      if (!block.comment) return block
    }
  }

  async take(count: number): Promise<ReadEvent[]> {
    const events: ReadEvent[] = []
    while (events.length < count) events.push(await this.next())
    return events
  }

  close(): void {
    this.#abort.abort()
  }
}
