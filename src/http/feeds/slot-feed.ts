/** `GET /api/slots/events`: the transitions of all slots as one stream (spec §5). */
import type { SlotService } from '../../slots/service.ts'
import { type FeedReader, readerOf } from './feed-reader.ts'
import { type SlotEvent, SlotHistory } from './slot-history.ts'
import type { EventStreams, Frame } from './sse.ts'

/** Where a reader begins. */
export interface SlotFeedStart {
  /** Name of the slot to follow; null: all. */
  only: string | null
  /** Id of the last event that the reader has; null: none. */
  after: string | null
}

interface Follower {
  reader: FeedReader
  only: string | null
}

export class SlotFeed {
  readonly #slots: SlotService
  readonly #streams: EventStreams
  readonly #history: SlotHistory
  readonly #followers = new Set<Follower>()

  /**
   * Listens to the slots from now on, for as long as the daemon lives.
   * @param time for the ids, milliseconds
   */
  constructor(slots: SlotService, streams: EventStreams, time: () => number) {
    this.#slots = slots
    this.#streams = streams
    this.#history = new SlotHistory(time)
    slots.signals.subscribe((signal) => {
      if (signal.kind === 'record') this.#publish(this.#history.add('slot', signal.name, signal.json))
      else if (signal.kind === 'deleted') {
        this.#publish(this.#history.add('deleted', signal.name, JSON.stringify({ name: signal.name })))
      } else if (signal.kind === 'queue') this.#offer('queue', signal.queue)
      else if (signal.kind === 'progress') this.#offer('progress', signal.progress)
    })
  }

  /**
   * @param only name of the slot to follow; null: all
   * @throws Hal0Error `stream.too_many`
   */
  open(request: Request, only: string | null): Response {
    const after = request.headers.get('last-event-id')
    return this.#streams.open(request, (stream) => this.follow(readerOf(stream), { only, after }))
  }

  /** Sends what the reader has missed, or a snapshot, and then the news. @returns the function that ends it */
  follow(reader: FeedReader, { only, after }: SlotFeedStart): () => void {
    for (const event of this.#missed(after, only)) reader.send(event)
    const follower = { reader, only }
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  #missed(lastEventId: string | null, only: string | null): SlotEvent[] {
    const concerns = ({ name }: { name: string }): boolean => only === null || name === only
    const missed = lastEventId === null ? null : this.#history.since(lastEventId)
    return missed?.filter(concerns) ?? this.#history.snapshot(this.#slots.records().filter(concerns))
  }

  #publish(event: SlotEvent): void {
    for (const { reader } of this.#followersOf(event.name)) reader.send(event)
  }

  /** Without id: it is about a moment, and the next one replaces it. */
  #offer(event: string, about: { name: string }): void {
    const frame: Frame = { event, data: JSON.stringify(about) }
    for (const { reader } of this.#followersOf(about.name)) reader.offer(frame)
  }

  *#followersOf(name: string): Generator<Follower> {
    for (const follower of this.#followers) if (follower.only === null || follower.only === name) yield follower
  }
}
