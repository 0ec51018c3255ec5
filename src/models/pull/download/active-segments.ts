/** The requests of a file that are under way: the range of each, and how to end them all. */

import type { Range } from '../../../lib/ranges.ts'
import type { RemoteFile } from '../origin/origin.ts'
import { fetchSegment, type SegmentEnd } from './fetch-segment.ts'
import type { OriginConduct } from './origin-conduct.ts'
import type { DownloadSession } from './session.ts'

interface ActiveSegment {
  range: Range
  /** Everything before it is written. */
  at: number
  work: Promise<void>
}

export interface ActiveSegmentsPorts {
  session: DownloadSession
  conduct: OriginConduct
  write: (bytes: Uint8Array, at: number) => void
  /** @param startedAt when the request began, on the session's clock */
  onEnd: (end: SegmentEnd, startedAt: number) => void
  onDefect: (error: unknown) => void
  /** One of them has ended: there is room for another. */
  onRoom: () => void
}

export class ActiveSegments {
  readonly #remote: RemoteFile
  readonly #ports: ActiveSegmentsPorts
  readonly #active = new Set<ActiveSegment>()
  #stop = new AbortController()

  constructor(remote: RemoteFile, ports: ActiveSegmentsPorts) {
    this.#remote = remote
    this.#ports = ports
  }

  get count(): number {
    return this.#active.size
  }

  /** The requested ranges. */
  claimed(): Range[] {
    return [...this.#active].map(({ range }) => range)
  }

  /** Bytes that are still to come. */
  get outstanding(): number {
    let bytes = 0
    for (const { range, at } of this.#active) bytes += range[1] - at
    return bytes
  }

  start(range: Range): void {
    const { session, conduct, write, onEnd, onDefect, onRoom } = this.#ports
    const { size, path } = this.#remote
    const startedAt = session.clock.now()
    const segment: ActiveSegment = { range, at: range[0], work: Promise.resolve() }
    const buffer = session.takeBuffer()
    const ending = fetchSegment(path, {
      origin: session.origin,
      clock: session.clock,
      buffer,
      stallMs: session.settings.stallMs,
      signal: this.#stop.signal,
      question: { range, size, whole: conduct.ignoresRange },
      etag: () => conduct.etag,
      onEtag: (etag) => conduct.noteEtag(etag),
      write: (bytes, at) => {
        write(bytes, at)
        segment.at = at + bytes.length
      },
    })
    this.#active.add(segment)
    segment.work = ending
      .then((end) => onEnd(end, startedAt), onDefect)
      .finally(() => {
        session.giveBuffer(buffer)
        this.#active.delete(segment)
        onRoom()
      })
  }

  /** Aborts all of them. Resolves once none writes any more; new ones may be started then. */
  async end(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#active].map(({ work }) => work))
    this.#stop = new AbortController()
  }
}
