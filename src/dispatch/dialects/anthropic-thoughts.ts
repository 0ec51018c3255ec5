/**
 * Thoughts in Anthropic's dialect: a message that begins with a thinking block. The backend's stream is a message of its own, so its
 * beginning is left out, and its blocks move on by one.
 */
import type { StreamOf, Thoughts } from './thoughts.ts'
import type { Translation } from './translation.ts'

/** What is read of an event's data. */
interface EventData {
  type?: unknown
  index?: number
  message?: { usage?: object }
  usage?: object
}

const named = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`

const dataOf = (event: string): EventData | null => {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith('data:'))
  try {
    const value: unknown = JSON.parse(lines.map((line) => line.slice('data:'.length)).join('\n'))
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    // A comment, or nothing of Anthropic's: it is passed on as it is.
    return null
  }
}

/** The backend's stream after a thinking block. */
class Continuation implements Translation {
  #held = ''
  /** Figures of the beginning that was left out: the tokens of the prompt are only there. */
  #usage: object = {}

  piece(bytes: Buffer): Buffer {
    this.#held += bytes.toString('latin1')
    let whole = ''
    for (let end = this.#nextEnd(); end > 0; end = this.#nextEnd()) {
      whole += this.#continued(this.#held.slice(0, end))
      this.#held = this.#held.slice(end)
    }
    return Buffer.from(whole, 'latin1')
  }

  rest(): Buffer {
    const held = Buffer.from(this.#held, 'latin1')
    this.#held = ''
    return held
  }

  /** Index after the first whole event; 0: there is none. */
  #nextEnd(): number {
    const found = /\r?\n\r?\n/.exec(this.#held)
    return found === null ? 0 : found.index + found[0].length
  }

  /** @param event in latin1, with one character for each byte */
  #continued(event: string): string {
    const data = dataOf(Buffer.from(event, 'latin1').toString('utf8'))
    const changed = data === null ? null : this.#changed(data)
    if (changed === null) return event
    return changed === '' ? '' : Buffer.from(changed, 'utf8').toString('latin1')
  }

  /** @returns the event instead; null: it is passed on unchanged */
  #changed(data: EventData): string | null {
    switch (data.type) {
      case 'message_start':
        this.#usage = data.message?.usage ?? {}
        return ''
      case 'content_block_start':
      case 'content_block_delta':
      case 'content_block_stop':
        return named(data.type, { ...data, index: (data.index ?? 0) + 1 })
      case 'message_delta':
        return named(data.type, { ...data, usage: { ...this.#usage, ...data.usage } })
      default:
        return null
    }
  }
}

export class AnthropicThoughts implements Thoughts {
  readonly continuation = new Continuation()
  readonly #stream: StreamOf
  #begun = false

  constructor(stream: StreamOf) {
    this.#stream = stream
  }

  add(text: string): string {
    const beginning = this.#begun ? '' : this.#beginning()
    this.#begun = true
    return beginning + named('content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: text } })
  }

  end(): string {
    return named('content_block_stop', { index: 0 })
  }

  #beginning(): string {
    const { requestId, model } = this.#stream
    const usage = { input_tokens: 0, output_tokens: 0 }
    const ending = { stop_reason: null, stop_sequence: null }
    const message = { id: `msg_${requestId}`, type: 'message', role: 'assistant', model, content: [], ...ending, usage }
    const content_block = { type: 'thinking', thinking: '', signature: '' }
    return named('message_start', { message }) + named('content_block_start', { index: 0, content_block })
  }
}
