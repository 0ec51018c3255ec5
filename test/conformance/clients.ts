/** The clients of OpenAI and Anthropic, and what a server really answered them. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'

/** One answer as it came. */
export interface Raw {
  status: number
  type: string | null
  text: string
}

export interface Clients {
  openai: OpenAI
  anthropic: Anthropic
  /** Every answer so far, in the order in which the requests were sent. */
  answers(): Promise<Raw[]>
}

/** Clients of the server at `origin` that try everything once. */
export const clientsOf = (origin: string): Clients => {
  const answers: Promise<Raw>[] = []
  const recording = (async (input: Request | string | URL, init?: RequestInit) => {
    // The engine closes a connection that it has just offered to keep, and Bun does not send the request again.
    const response = await fetch(input, { ...init, keepalive: false })
    const { status, headers } = response
    // A client that aborts leaves its copy without an end.
    const text = response.clone().text()
    answers.push(text.then((whole) => ({ status, type: headers.get('content-type'), text: whole })).catch(() => cutOff))
    return response
  }) as typeof fetch
  const options = { apiKey: 'a key that hal0 does not ask for', maxRetries: 0, fetch: recording }
  return {
    openai: new OpenAI({ ...options, baseURL: `${origin}/v1` }),
    anthropic: new Anthropic({ ...options, baseURL: origin }),
    answers: () => Promise.all(answers),
  }
}

const cutOff: Raw = { status: 0, type: null, text: '' }
