/** What the relay needs to know about a backend. All backends of a provider have the same traits. */
import type { Dialect } from '../contract/endpoints.ts'

export interface BackendTraits {
  /** The dialects that it speaks itself: their answers are passed on unchanged. */
  readonly dialects: readonly Dialect[]
  /** Request headers that it must not get, in lower case, besides those that no backend gets. */
  readonly withheldHeaders: ReadonlySet<string>
  /**
   * The environment variable from which it takes the key that requests must carry (`Authorization: Bearer`); null: it cannot check one.
   */
  readonly keyVariable: string | null
  /** It keeps the stream of a request that has an `X-Conversation-Id`: a client that hung up can read it again. */
  readonly keepsStreams: boolean
  /** What happens when the client hangs up: the backend sees a hang-up too, or finishes the request for nobody. */
  readonly onHangUp: 'abort' | 'finish'
}
