/** The dispatcher as the HTTP layer sees it. */
import type { Caller } from '../contract/caller.ts'
import type { Endpoint } from '../contract/endpoints.ts'
import type { Answer, IncomingRequest } from '../lib/http/incoming.ts'

/** An admitted request for inference. */
export interface InferenceCall {
  request: IncomingRequest
  /** In its answer (`x-request-id`) and in the log. */
  requestId: string
  endpoint: Endpoint
  /** The one of the endpoint's paths that was requested. */
  path: string
  caller: Caller
}

/** Answers one call. Never throws: a failure is answered with an envelope. */
export type Dispatch = (call: InferenceCall, answer: Answer) => void
