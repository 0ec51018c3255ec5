/** Downloads one file into its partial: several requests at a time, checksum and journal on their heels. */
import type { Hal0Error } from '../../lib/hal0-error.ts'
import { log } from '../../lib/log.ts'
import { cancelled } from './cancelled.ts'
import { connectionsFor } from './connections.ts'
import { fetchSegment, type SegmentEnd } from './fetch-segment.ts'
import { FrontHash, type Sums } from './front-hash.ts'
import { type Head, HeadGate } from './head.ts'
import type { Line } from './line.ts'
import { networkError } from './network-error.ts'
import type { RemoteFile } from './origin.ts'
import type { PartialFile } from './partial-file.ts'
import type { Range } from './ranges.ts'
import { nextSegment } from './segments.ts'
import { WrittenLog } from './written-log.ts'

interface ActiveSegment {
  range: Range
  /** Everything before it is written. */
  at: number
  work: Promise<void>
}

export interface FileDownloadPorts {
  line: Line
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
  readonly #active = new Set<ActiveSegment>()
  #hash: FrontHash
  /** Ends the requests under way. */
  #requests = new AbortController()
  #news = Promise.withResolvers<void>()
  #failure: { error: unknown } | null = null
  #restart = false
  /** The origin ignores Range: one request for all of it, from the start each time. */
  #whole = false
  #etag: string | null = null
  #changes = 0
  #encodings = 0
  #pausedUntil = Number.NEGATIVE_INFINITY
  /** @param known what the journal of the partial says is written */
  constructor(remote: RemoteFile, known: Range[], ports: FileDownloadPorts) {
    this.#remote = remote
    this.#ports = ports
    const { settings, clock } = ports.line
    this.#gate = new HeadGate(ports.judge, remote.size, settings.headBytes)
    this.#hash = this.#newHash()
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
      await this.#hash.reach(this.#remote.size, this.#ports.line.signal)
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
      await this.#fetch(() => this.#gate.isOpen || this.#whole)
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
    const { line } = this.#ports
    const notify = () => this.#notify()
    line.signal.addEventListener('abort', notify)
    let done = false
    try {
      const result = await work()
      done = true
      return result
    } finally {
      line.signal.removeEventListener('abort', notify)
      await this.#endRequests()
      await this.#hash.stop()
      if (!done) await this.#keep()
    }
  }

  #refuseToGoOn(): void {
    if (this.#failure !== null) throw this.#failure.error
    if (this.#ports.line.signal.aborted) throw cancelled()
  }

  /** Starts as many requests as there should be. */
  #launch(): void {
    const { line } = this.#ports
    const { segmentBytes } = line.settings
    if (line.clock.now() < this.#pausedUntil) return
    const limit = this.#whole ? 1 : connectionsFor(line.tuning, this.#remote.size, segmentBytes)
    while (this.#active.size < limit) {
      const claimed = [...this.#active].map(({ range }) => range)
      const range = nextSegment(
        this.#whole ? this.#remote.size : Math.min(this.#remote.size, this.#gate.limit),
        this.#written.ranges,
        claimed,
        this.#whole ? this.#remote.size : segmentBytes,
      )
      if (range === null) return
      // What a crash may cost: the segments in flight, and one that the journal is behind.
      if (!this.#whole && this.#exposed() + range[1] - range[0] > (limit + 1) * segmentBytes) return
      this.#start(range)
    }
  }

  /** Bytes that were or will be received and are not recorded. */
  #exposed(): number {
    let bytes = this.#written.exposed
    for (const { range, at } of this.#active) bytes += range[1] - at
    return bytes
  }

  #start(range: Range): void {
    const { line } = this.#ports
    const { size, path } = this.#remote
    const startedAt = line.clock.now()
    const segment: ActiveSegment = { range, at: range[0], work: Promise.resolve() }
    const buffer = line.takeBuffer()
    const ending = fetchSegment(path, {
      origin: line.origin,
      clock: line.clock,
      buffer,
      stallMs: line.settings.stallMs,
      signal: this.#requests.signal,
      question: { range, size, whole: this.#whole },
      etag: () => this.#etag,
      onEtag: (etag) => {
        this.#etag ??= etag
      },
      write: (bytes, at) => this.#write(segment, bytes, at),
      pause: (bytes) => line.pause(bytes),
    })
    this.#active.add(segment)
    segment.work = ending
      .then(
        (end) => this.#ended(end, startedAt),
        (error: unknown) => {
          this.#failure ??= { error }
        },
      )
      .finally(() => {
        line.giveBuffer(buffer)
        this.#active.delete(segment)
        this.#notify()
      })
  }

  #write(segment: ActiveSegment, bytes: Uint8Array, at: number): void {
    const { line, partial, onReceived } = this.#ports
    partial.write(bytes, at)
    segment.at = at + bytes.length
    this.#written.add(at, segment.at)
    this.#hash.advance(this.#written.ranges.front)
    onReceived(this.#written.ranges.total)
    const limit = connectionsFor(line.tuning, this.#remote.size, line.settings.segmentBytes)
    if (line.observe(this.#active.size >= limit)) this.#notify()
  }

  #ended(end: SegmentEnd, startedAt: number): void {
    const { path } = this.#remote
    // What comes of requests that are to be made anew says nothing any more.
    if (end.kind === 'complete' || end.kind === 'aborted' || this.#restart) return
    switch (end.kind) {
      case 'ignores-range':
        this.#whole = true
        this.#restart = true
        return
      case 'changed':
        if (++this.#changes > 1) {
          this.#failure ??= { error: networkError(path, 'changes the file while it is downloaded (ETag)') }
          return
        }
        this.#etag = end.etag
        this.#restart = true
        return
      case 'encoded': {
        const error = networkError(path, `sends it encoded as ${end.encoding}, though asked not to`)
        if (++this.#encodings > 1) this.#failure ??= { error }
        else this.#retry(error, startedAt)
        return
      }
      case 'broken':
        this.#retry(end.error, startedAt)
    }
  }

  #retry(error: Hal0Error, startedAt: number): void {
    const { line } = this.#ports
    const delayMs = line.failed(error, startedAt)
    if (delayMs === null) {
      this.#failure ??= { error }
      return
    }
    const now = line.clock.now()
    this.#pausedUntil = Math.max(this.#pausedUntil, now + delayMs)
    // A timer may fire a fraction early; news that come too early would be waited for in vain.
    line.clock.setTimer(Math.ceil(this.#pausedUntil - now) + 1, () => this.#notify())
    // An answer for the whole file cannot be continued.
    if (this.#whole) this.#restart = true
  }

  async #startOver(): Promise<void> {
    await this.#endRequests()
    await this.#hash.stop()
    await this.#written.reset()
    this.#gate.close()
    this.#hash = this.#newHash()
    this.#requests = new AbortController()
    this.#restart = false
  }

  async #endRequests(): Promise<void> {
    this.#requests.abort()
    await Promise.all([...this.#active].map(({ work }) => work))
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
    const { line, partial } = this.#ports
    return new FrontHash(this.#remote, {
      read: (into, at) => partial.read(into, at),
      rest: (bytes) => line.rest(bytes),
    })
  }

  #notify(): void {
    this.#news.resolve()
  }
}
