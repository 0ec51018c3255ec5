/** What the dispatcher needs of the others. */
import type { Caller } from '../contract/caller.ts'
import type { Capability, Dialect } from '../contract/endpoints.ts'
import type { Hal0Error } from '../lib/hal0-error.ts'
import type { Answer } from '../lib/http/incoming.ts'
import type { ModelLookup } from '../models/registry/registry-port.ts'
import type { BodyBudget } from './body/body-budget.ts'
import type { CaptureRecorder } from './capture/capture.ts'
import type { DecisionRecorder } from './decisions/decision-log.ts'
import type { Targets } from './targets/target.ts'
import type { EarlyTiming } from './waiting/early-answer.ts'

export interface DispatchDeps {
  targets: Targets
  models: Pick<ModelLookup, 'get'>
  /** What slots can be set up for here: the modes of all providers. */
  modes: readonly Capability[]
  decisions: DecisionRecorder
  /** Where prompts and answers go, of slots that capture them. */
  captures: CaptureRecorder
  /** A request found a slot that is not loaded, and waits for it. */
  waking?: (slot: string, by: { requestId: string; caller: Caller; time: number }) => void
  /** Sends an error as an answer. The only code that does this is in the HTTP layer. */
  refuse(answer: Answer, error: Hal0Error, asked: { requestId: string; dialect: Dialect }): void
  /** Header lines that every answer of this server has. */
  headerLines: string
  maxBodyBytes?: number
  /** Memory for all bodies together. */
  bodies: BodyBudget
  /** When requests that wait for a load get the head of their answer; left out: `earlyTiming`. */
  early?: EarlyTiming
  /** Aborts when the daemon stops; its reason goes to requests that wait for a slot. */
  stopping?: AbortSignal
  /** Unix time in milliseconds. */
  now?: () => number
}
