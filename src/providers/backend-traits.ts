/** What the relay must know of a backend, whatever it is. A provider's backends all have the same. */
import type { Dialect } from '../contract/endpoints.ts'

export interface BackendTraits {
  /** Those that it speaks by itself: their answers pass as they come. */
  readonly dialects: readonly Dialect[]
  /** Headers of clients that it must not get, in lower case, besides those that no backend gets. */
  readonly withheldHeaders: ReadonlySet<string>
  /** What becomes of a request whose client hangs up: the backend sees a hang-up too, or works on it to its end for nobody. */
  readonly onHangUp: 'abort' | 'finish'
}
