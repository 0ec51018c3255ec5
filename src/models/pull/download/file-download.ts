/** Downloads one file into its partial file, with several requests at a time. Checksum and journal follow closely. */
import type { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import type { Range } from '../../../lib/ranges.ts'
import type { RemoteFile } from '../origin/origin.ts'
import { FrontHash, type Sums } from '../staging/front-hash.ts'
import type { PartialFile } from '../staging/partial-file.ts'
import { WrittenLog } from '../staging/written-log.ts'
import { ActiveSegments } from './active-segments.ts'
import { connectionsFor } from './connections.ts'
import type { SegmentEnd } from './fetch-segment.ts'
import { type Head, HeadGate } from './head.ts'
import { OriginConduct } from './origin-conduct.ts'
import { nextSegment } from './segments.ts'
import { cancelled, type DownloadSession } from './session.ts'

export interface FileDownloadPorts {
  session: DownloadSession
  partial: PartialFile
  record: (written: Range[]) => Promise<void>
  /** Number of received bytes; it may decrease if the origin makes the file start over. */
  onReceived: (bytes: number) => void
  /** All bytes have arrived; the checksum may lag behind. */
  onVerifying: () => void
  /** null: the head of the file is not checked. */
  judge: ((head: Head) => Promise<'fine' | 'more'>) | null
}

export class FileDownload {
  readonly #remote: RemoteFile
  readonly #ports: FileDownloadPorts
  readonly #written: WrittenLog
  readonly #gate: HeadGate
  readonly #active: ActiveSegments
  readonly #conduct: OriginConduct
  #hash: FrontHash
  #news = Promise.withResolvers<void>()
  #failure: { error: unknown } | null = null
  #restart = false
  #pausedUntil = Number.NEGATIVE_INFINITY

  /** @param known ranges that are written, according to the journal of the partial file */
  constructor(remote: RemoteFile, known: Range[], ports: FileDownloadPorts) {
    this.#remote = remote
    this.#ports = ports
    const { settings, clock } = ports.session
    this.#gate = new HeadGate(ports.judge, remote.size, settings.headBytes)
    this.#hash = this.#newHash()
    this.#conduct = new OriginConduct(remote.path)
    this.#active = new ActiveSegments(remote, {
      session: ports.session,
      conduct: this.#conduct,
      write: (bytes, at) => this.#write(bytes, at),
      onEnd: (end, startedAt) => this.#ended(end, startedAt),
      onDefect: (error) => {
        this.#failure ??= { error }
      },
      onRoom: () => this.#notify(),
    })
    this.#written = new WrittenLog(known, {
      clock,
      file: ports.partial,
      record: ports.record,
      onChange: (error) => {
        if (error !== null) this.#failure ??= { error }
        this.#notify()
      },
      dueBytes: settings.segmentBytes / 2,
      dueMs: settings.journalMs,
    })
  }

  /**
   * Resolves with the checksums once every byte is in the partial file and recorded.
   * @throws Hal0Error `pull.*`, `storage.*`; recorded ranges stay valid
   */
  run(): Promise<Sums> {
    return this.#working(async () => {
      await this.#fetch(() => this.#gate.isOpen && this.#written.ranges.front >= this.#remote.size)
      this.#ports.onVerifying()
      await this.#written.flush()
      await this.#hash.reach(this.#remote.size, this.#ports.session.signal)
      this.#refuseToGoOn()
      return this.#hash.sums()
    })
  }

  /**
   * Fetches only enough to check the file's head; `run` of another instance continues. From an origin that ignores Range nothing is
   * kept, and the check is left to `run`.
   * @throws Hal0Error why the file is refused; `pull.*`, `storage.*`
   */
  head(): Promise<void> {
    return this.#working(async () => {
      await this.#fetch(() => this.#gate.isOpen || this.#conduct.ignoresRange)
      await this.#written.flush()
    })
  }

  async #fetch(isEnough: () => boolean): Promise<void> {
    const { partial } = this.#ports
    if (!partial.found || this.#written.ranges.total === 0) await this.#written.reset()
    this.#hash.advance(this.#written.ranges.front)
    while (!isEnough()) {
      this.#refuseToGoOn()
      if (this.#restart) await this.#startOver()
      if (!this.#gate.isOpen && this.#written.ranges.front >= this.#gate.limit) {
        await this.#gate.pass(this.#written.ranges.front, (into, at) => partial.read(into, at))
        continue
      }
      this.#launch()
      await this.#news.promise
      this.#news = Promise.withResolvers()
    }
  }

  async #working<T>(work: () => Promise<T>): Promise<T> {
    const { session } = this.#ports
    const notify = () => this.#notify()
    session.signal.addEventListener('abort', notify)
    let done = false
    try {
      const result = await work()
      done = true
      return result
    } finally {
      session.signal.removeEventListener('abort', notify)
      await this.#active.end()
      await this.#hash.stop()
      if (!done) await this.#keep()
    }
  }

  #refuseToGoOn(): void {
    if (this.#failure !== null) throw this.#failure.error
    if (this.#ports.session.signal.aborted) throw cancelled()
  }

  /** Starts requests up to the target number. */
  #launch(): void {
    const { session } = this.#ports
    const { segmentBytes } = session.settings
    if (session.clock.now() < this.#pausedUntil) return
    const limit = this.#conduct.ignoresRange ? 1 : connectionsFor(session.tuning, this.#remote.size, segmentBytes)
    while (this.#active.count < limit) {
      const range = nextSegment(
        this.#conduct.ignoresRange ? this.#remote.size : Math.min(this.#remote.size, this.#gate.limit),
        this.#written.ranges,
        this.#active.claimed(),
        this.#conduct.ignoresRange ? this.#remote.size : segmentBytes,
      )
      if (range === null) return
      // The most that a crash may cost: the segments in flight, and one by which the journal is behind.
      if (!this.#conduct.ignoresRange && this.#exposed() + range[1] - range[0] > (limit + 1) * segmentBytes) return
      this.#active.start(range)
    }
  }

  /** Bytes that were or will be received, but are not recorded yet. */
  #exposed(): number {
    return this.#written.exposed + this.#active.outstanding
  }

  #write(bytes: Uint8Array, at: number): void {
    const { session, partial, onReceived } = this.#ports
    partial.write(bytes, at)
    this.#written.add(at, at + bytes.length)
    this.#hash.advance(this.#written.ranges.front)
    onReceived(this.#written.ranges.total)
    const limit = connectionsFor(session.tuning, this.#remote.size, session.settings.segmentBytes)
    if (session.observe(this.#active.count >= limit)) this.#notify()
  }

  #ended(end: SegmentEnd, startedAt: number): void {
    // The outcome of requests that will be repeated does not matter.
    if (this.#restart) return
    const consequence = this.#conduct.judge(end)
    if (consequence.kind === 'start-over') this.#restart = true
    else if (consequence.kind === 'retry') this.#retry(consequence.error, startedAt)
    else if (consequence.kind === 'fail') this.#failure ??= { error: consequence.error }
  }

  #retry(error: Hal0Error, startedAt: number): void {
    const { session } = this.#ports
    const delayMs = session.failed(error, startedAt)
    if (delayMs === null) {
      this.#failure ??= { error }
      return
    }
    const now = session.clock.now()
    this.#pausedUntil = Math.max(this.#pausedUntil, now + delayMs)
    // A timer may fire slightly early, and a notification that comes too early would be lost.
    session.clock.setTimer(Math.ceil(this.#pausedUntil - now) + 1, () => this.#notify())
    // An answer for the whole file cannot be continued.
    if (this.#conduct.ignoresRange) this.#restart = true
  }

  async #startOver(): Promise<void> {
    await this.#active.end()
    await this.#hash.stop()
    await this.#written.reset()
    this.#gate.close()
    this.#hash = this.#newHash()
    this.#restart = false
  }

  /** Records what arrived before a failure. Its own errors are dropped in favour of that failure. */
  async #keep(): Promise<void> {
    try {
      await this.#written.flush()
    } catch (error) {
      log.warn(`could not record the last bytes of ${this.#remote.path}; they will be downloaded again`, error)
    }
  }

  #newHash(): FrontHash {
    const { partial } = this.#ports
    return new FrontHash(this.#remote, (into, at) => partial.read(into, at))
  }

  #notify(): void {
    this.#news.resolve()
  }
}
