/** Messages between the daemon and the thread of the database. What is long is JSON text, which costs the daemon least to send. */
import type { SlotHappening } from '../../contract/logs/why.ts'
import type { DecisionPage, DecisionQuery } from '../../dispatch/decisions/decision-log.ts'
import type { Bounds, Opened } from '../database/log-database.ts'

/** A question, with the type of its answer. */
export interface Questions {
  page: { about: DecisionQuery; answer: DecisionPage }
  events: { about: { slot: string; until: number; limit: number }; answer: SlotHappening[] }
}
export type Question = { [K in keyof Questions]: { kind: K; about: Questions[K]['about'] } }[keyof Questions]

export type ToLog =
  | { say: 'open'; path: string; oldFolder: string; bounds: Bounds }
  /** `decisions` and `events` are arrays as JSON; a deleted slot is in `forget`. */
  | { say: 'add'; decisions: string; events: string; forget: readonly string[] }
  | { say: 'ask'; id: number; question: Question }
  | { say: 'close'; inOrder: boolean }

export type FromLog =
  /** It is open, or why it is not. */
  | { say: 'opened'; opened: Opened | null; problem: string | null; notices: readonly string[] }
  /** The answer to `add`: what was sent is in the database, or why it is not. */
  | { say: 'added'; opened: Opened | null; problem: string | null; notices: readonly string[] }
  /** `answer` is JSON. */
  | { say: 'answer'; id: number; answer: string }
  | { say: 'refused'; id: number; problem: string }
  | { say: 'closed' }
