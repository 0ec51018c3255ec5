/** What the ends of a file's requests tell of its origin: whether it keeps to Range, to one ETag and to plain bytes. */

import type { Hal0Error } from '../../../lib/hal0-error.ts'
import { networkError } from '../origin/origin.ts'
import type { SegmentEnd } from './fetch-segment.ts'

/** What is to be done once a request has ended. */
export type Consequence =
  | { kind: 'go-on' }
  /** What is here cannot be used: the file begins anew. */
  | { kind: 'start-over' }
  | { kind: 'retry'; error: Hal0Error }
  | { kind: 'fail'; error: Hal0Error }

export class OriginConduct {
  readonly #path: string
  #etag: string | null = null
  #ignoresRange = false
  #changes = 0
  #encodings = 0

  /** @param path of the file, for sentences */
  constructor(path: string) {
    this.#path = path
  }

  /** Of the file as it is fetched; null: not told yet. */
  get etag(): string | null {
    return this.#etag
  }

  /** The origin ignores Range: one request for all of the file, from the start each time. */
  get ignoresRange(): boolean {
    return this.#ignoresRange
  }

  /** The first one that is told counts. */
  noteEtag(etag: string): void {
    this.#etag ??= etag
  }

  /** One change of the file, or one encoded answer, may be chance; the second one is how the origin is. */
  judge(end: SegmentEnd): Consequence {
    switch (end.kind) {
      case 'complete':
      case 'aborted':
        return { kind: 'go-on' }
      case 'ignores-range':
        this.#ignoresRange = true
        return { kind: 'start-over' }
      case 'changed':
        if (++this.#changes > 1) {
          return {
            kind: 'fail',
            error: networkError(this.#path, 'changes the file while it is being downloaded (ETag)'),
          }
        }
        this.#etag = end.etag
        return { kind: 'start-over' }
      case 'encoded': {
        const error = networkError(this.#path, `sends it encoded as ${end.encoding}, though asked not to`)
        return { kind: ++this.#encodings > 1 ? 'fail' : 'retry', error }
      }
      case 'broken':
        return { kind: 'retry', error: end.error }
    }
  }
}
