/** What a stand-in llama-server is told to do, and what it records. */

/** Times in milliseconds. By default: a healthy server, ready at once, five tokens without delay. */
export interface StandInBehaviour {
  /** Answers 503 for this long, like llama-server during a load. */
  load_ms?: number
  never_ready?: boolean
  /** Opens the port only once it is ready. */
  open_port_late?: boolean
  /** Stays alive without ever opening a port. */
  no_listen?: boolean
  /** Every path answers 500. */
  answer_500?: boolean
  /** `raw`: bytes that are not HTTP; `http`: 200 with bytes that are not JSON. */
  garbage?: 'raw' | 'http'
  /** `/v1/models` lists nothing. */
  no_models?: boolean
  /** Inference with `max_tokens: 1`, embeddings and scores: an error, or NaN as llama-server writes it. */
  sentinel?: 'error' | 'nan'
  /** Ends by itself with this code, after `print` on stderr. `after_ms: 0` is before the port opens. */
  exit?: { after_ms: number; code: number; print?: string[] }
  /** Ignores SIGTERM. */
  hang_on_sigterm?: boolean
  /** Fetches every address in a chat that begins like one, however it is spelt: an engine could be as careless. */
  fetches_media?: boolean
  tokens?: number
  token_ms?: number
  /** Kills itself (SIGKILL) after this many tokens of an answer. */
  die_after_tokens?: number
  /** Breaks the connection after this many tokens of a stream, and keeps running. */
  break_after_tokens?: number
}

interface Stamp {
  /** Milliseconds since the Unix epoch. */
  at: number
  pid: number
}

/** One line of the record, in the order in which things happened. */
export type StandInEvent = Stamp &
  (
    | { kind: 'start'; argv: string[]; env: Record<string, string> }
    | { kind: 'listening'; port: number }
    | { kind: 'ready' }
    | { kind: 'request'; id: number; method: string; path: string; headers: Record<string, string>; body: string }
    /** The answer to request `id` was sent completely. */
    | { kind: 'answered'; id: number; status: number }
    /** The client of request `id` hung up before that. */
    | { kind: 'aborted'; id: number }
    | { kind: 'sigterm' }
  )

type WithoutStamp<T> = T extends unknown ? Omit<T, keyof Stamp> : never
export type Happening = WithoutStamp<StandInEvent>

export const behaviourFile = 'behaviour.json'
export const recordFile = 'record.jsonl'
