/** The dispatcher as the HTTP layer sees it. */
import type { Caller } from '../contract/caller.ts'
import type { Endpoint } from '../contract/endpoints.ts'
import type { Answer, IncomingRequest } from '../lib/http/incoming.ts'

/** A request for inference that was let in. */
export interface InferenceCall {
  request: IncomingRequest
  endpoint: Endpoint
  /** The one of the endpoint's paths that was asked for. */
  path: string
  caller: Caller
}

/** Answers one of them. Never throws: what fails is answered with an envelope. */
export type Dispatch = (call: InferenceCall, answer: Answer) => void
