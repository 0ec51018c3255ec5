/** Downloads one file into its partial: several requests at a time, checksum and journal on their heels. */
import type { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import type { Range } from '../../../lib/ranges.ts'
import { connectionsFor } from '../origin/connections.ts'
import type { RemoteFile } from '../origin/origin.ts'
import { FrontHash, type Sums } from '../staging/front-hash.ts'
import type { PartialFile } from '../staging/partial-file.ts'
import { WrittenLog } from '../staging/written-log.ts'
import { ActiveSegments } from './active-segments.ts'
import type { SegmentEnd } from './fetch-segment.ts'
import { type Head, HeadGate } from './head.ts'
import { OriginConduct } from './origin-conduct.ts'
import { nextSegment } from './segments.ts'
import { cancelled, type DownloadSession } from './session.ts'

export interface FileDownloadPorts {
  session: DownloadSession
  partial: PartialFile
  record: (written: Range[]) => Promise<void>
  /** How many bytes of the file are here; it may sink when the origin makes it start over. */
  onReceived: (bytes: number) => void
  /** All bytes are here; the checksum may lag behind. */
  onVerifying: () => void
  /** null: nobody judges the file by its head. */
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

  /** @param known what the journal of the partial says is written */
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
   * Resolves once every byte is in the partial and recorded, with what they sum up to.
   * @throws Hal0Error `pull.*`, `storage.*`; what is known written stays
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
   * Fetches no more than it takes to judge the file; `run` of another instance goes on with it. From an origin that ignores Range
   * nothing is kept, and the judgement is left to `run`.
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

  /** Starts as many requests as there should be. */
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
      // What a crash may cost: the segments in flight, and one that the journal is behind.
      if (!this.#conduct.ignoresRange && this.#exposed() + range[1] - range[0] > (limit + 1) * segmentBytes) return
      this.#active.start(range)
    }
  }

  /** Bytes that were or will be received and are not recorded. */
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
    // What comes of requests that are to be made anew says nothing any more.
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
    // A timer may fire a fraction early; news that come too early would be waited for in vain.
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

  /** Records what arrived last before a failure; the failure is what is told. */
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
