/**
 * `GET /api/pulls/events`: all pulls as one stream, and the stream of one pull (spec §3). An event contains the whole state of a pull,
 * so a client that reconnects needs only the last event of each pull that has changed since.
 */
import type { Pull } from '../../contract/models/pull.ts'
import { isUnderWay } from '../../contract/models/pull-phase.ts'
import type { WallClock } from '../../lib/clock.ts'
import type { PullService } from '../../models/pull/pull-port.ts'
import { type FeedReader, readerOf } from './feed-reader.ts'
import type { EventStreams, Frame } from './sse.ts'

/** Maximum number of events of one pull in a second, including its last one. */
const perSecond = 4
/** Three ticks a second leave room for the last event. */
const tickMs = 334
/** Number of ids that are remembered as this daemon's. */
const keptIds = 4096

/** What was sent about one pull. */
interface Line {
  /** Its current state. */
  pull: Pull
  /** Id of its last event. */
  id: number
  /** When the last events were sent, oldest first. */
  sentAt: number[]
  cancelTimer: (() => void) | null
}

interface Follower {
  reader: FeedReader
  /** Only this pull; null: all. */
  only: string | null
}

export class PullFeed {
  readonly #pulls: PullService
  readonly #streams: EventStreams
  readonly #clock: WallClock
  readonly #lines = new Map<string, Line>()
  readonly #followers = new Set<Follower>()
  /** The newest ids. */
  readonly #ids = new Set<number>()
  #lastId: number

  /** Listens to the pulls from now on, for as long as the daemon lives. */
  constructor(pulls: PullService, streams: EventStreams, clock: WallClock) {
    this.#pulls = pulls
    this.#streams = streams
    this.#clock = clock
    // So that ids also grow over a restart of the daemon.
    this.#lastId = clock.wall()
    for (const pull of pulls.list().reverse()) this.#hear(pull)
    pulls.changed.subscribe((pull) => this.#hear(pull))
  }

  /** The events of all pulls. @throws Hal0Error `stream.too_many` */
  openAll(request: Request): Response {
    const after = request.headers.get('last-event-id')
    return this.#streams.open(request, (stream) => this.followAll(readerOf(stream), after))
  }

  /**
   * Sends how the pulls stand that the reader does not know, and then the news.
   * @param after id of the last event that the reader has; null: none
   * @returns the function that ends it
   */
  followAll(reader: FeedReader, after: string | null): () => void {
    return this.#follow({ reader, only: null }, this.#missed(after))
  }

  /** The events of one pull, beginning with its current state. @throws Hal0Error `stream.too_many`, `pull.not_found` */
  openOne(request: Request, id: string): Response {
    this.#pulls.get(id)
    const first = [...this.#lines.values()].filter(({ pull }) => pull.id === id)
    return this.#streams.open(request, (stream) => this.#follow({ reader: readerOf(stream), only: id }, first))
  }

  #follow(follower: Follower, first: Line[]): () => void {
    for (const line of first) follower.reader.send(frameOf(line))
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** In the order of their ids, so that a connection that breaks in the middle can be resumed. */
  #missed(lastEventId: string | null): Line[] {
    const all = [...this.#lines.values()].sort((a, b) => a.id - b.id)
    if (lastEventId === null || !/^\d{1,16}$/.test(lastEventId)) return all
    const last = Number(lastEventId)
    return this.#ids.has(last) ? all.filter(({ id }) => id > last) : all
  }

  #hear(pull: Pull): void {
    const line = this.#lines.get(pull.id) ?? { pull, id: 0, sentAt: [], cancelTimer: null }
    line.pull = pull
    this.#lines.set(pull.id, line)
    line.cancelTimer?.()
    const waitMs = this.#waitOf(line)
    if (waitMs <= 0) this.#send(line)
    else line.cancelTimer = this.#clock.setTimer(Math.ceil(waitMs), () => this.#send(line))
  }

  /** Milliseconds until the pull may have its next event. */
  #waitOf({ pull, sentAt }: Line): number {
    const now = this.#clock.now()
    const oldest = sentAt.length < perSecond ? Number.NEGATIVE_INFINITY : (sentAt[0] ?? 0)
    const newest = isUnderWay(pull) ? (sentAt.at(-1) ?? Number.NEGATIVE_INFINITY) : Number.NEGATIVE_INFINITY
    return Math.max(oldest + 1000, newest + tickMs) - now
  }

  #send(line: Line): void {
    line.cancelTimer = null
    line.id = this.#nextId()
    line.sentAt = [...line.sentAt, this.#clock.now()].slice(-perSecond)
    const frame = frameOf(line)
    for (const { reader, only } of this.#followers) if (only === null || only === line.pull.id) reader.send(frame)
  }

  #nextId(): number {
    this.#lastId = Math.max(this.#lastId + 1, this.#clock.wall())
    this.#ids.add(this.#lastId)
    const [oldest] = this.#ids
    if (this.#ids.size > keptIds && oldest !== undefined) this.#ids.delete(oldest)
    return this.#lastId
  }
}

const frameOf = ({ pull, id }: Line): Frame => ({ event: 'pull', id, data: JSON.stringify(pull) })
