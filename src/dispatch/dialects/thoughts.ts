/** What a client shows as thoughts of the model before the answer itself: how far the load of its slot is. */
import type { Endpoint } from '../../contract/endpoints.ts'
import type { Translation } from './translation.ts'

/** The request whose answer is a stream. */
export interface StreamOf {
  requestId: string
  /** The model that the client named. */
  model: string
  endpoint: Pick<Endpoint, 'backendPath'>
}

export interface Thoughts {
  /** @returns the events that add `text` to the thoughts */
  add(text: string): string
  /** The stream of the backend follows. @returns the events that end the thoughts */
  end(): string
  /** Makes one stream of the thoughts and of the backend's; null: that follows unchanged. */
  readonly continuation: Translation | null
}
