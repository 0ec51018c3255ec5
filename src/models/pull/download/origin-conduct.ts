/** Learns from the outcomes of a file's requests how its origin behaves: whether it honours Range, keeps its ETag and sends plain bytes. */

import type { Hal0Error } from '../../../lib/hal0-error.ts'
import { networkError } from '../origin/origin.ts'
import type { SegmentEnd } from './fetch-segment.ts'

/** What to do after a request has ended. */
export type Consequence =
  | { kind: 'go-on' }
  /** The received bytes are unusable: the file starts over. */
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

  /** ETag of the file being fetched; null: not known yet. */
  get etag(): string | null {
    return this.#etag
  }

  /** The origin ignores Range: each request gets the whole file, from the start. */
  get ignoresRange(): boolean {
    return this.#ignoresRange
  }

  /** Only the first one counts. */
  noteEtag(etag: string): void {
    this.#etag ??= etag
  }

  /** One change of the file, or one encoded answer, may be a coincidence; a second one means that the origin is like that. */
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
