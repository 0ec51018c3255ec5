/**
 * `GET /api/events`: several feeds in one connection, since a browser opens only six to a server, for all of its tabs together. The id of
 * an event has the last id of each feed that can resume, so that a reader which reconnects gets what it missed of each.
 */
import { type EventTopic, eventTopics } from '../../contract/events.ts'
import { type FeedReader, readerOf } from './feed-reader.ts'
import type { EventStream, EventStreams, Frame } from './sse.ts'

/**
 * Lets a reader follow one feed.
 * @param after id of the last event of this feed that the reader has; null: none
 * @returns the function that ends it
 */
export type FollowFeed = (reader: FeedReader, after: string | null) => () => void

/** Topics whose events have ids, in the order in which an id has them. */
const resuming = eventTopics.filter((topic) => topic !== 'activity' && topic !== 'problems')
const idPattern = new RegExp(`^${resuming.map(() => '(\\d{0,16})').join('-')}$`)

/** The last id of each feed; those of which nothing was sent are missing. */
type Place = Map<EventTopic, number | string>

/** @param lastEventId the header's text; null or something foreign: the reader has nothing */
const placeFrom = (lastEventId: string | null): Place => {
  const [, ...parts] = idPattern.exec(lastEventId ?? '') ?? []
  const known = resuming.flatMap((topic, at) => (parts[at] ? [[topic, parts[at]] as const] : []))
  return new Map(known)
}

const idOf = (place: Place): string => resuming.map((topic) => place.get(topic) ?? '').join('-')

export class EventFeed {
  readonly #feeds: Record<EventTopic, FollowFeed>
  readonly #streams: EventStreams

  constructor(feeds: Record<EventTopic, FollowFeed>, streams: EventStreams) {
    this.#feeds = feeds
    this.#streams = streams
  }

  /** @throws Hal0Error `stream.too_many` */
  open(request: Request, topics: ReadonlySet<EventTopic>): Response {
    return this.#streams.open(request, (stream) => {
      const place = placeFrom(request.headers.get('last-event-id'))
      const ends = eventTopics
        .filter((topic) => topics.has(topic))
        .map((topic) => {
          const after = place.get(topic)
          return this.#feeds[topic](partOf(stream, place, topic), after === undefined ? null : String(after))
        })
      return () => {
        for (const end of ends) end()
      }
    })
  }
}

/** The reader of one feed of the stream. */
const partOf = (stream: EventStream, place: Place, topic: EventTopic): FeedReader => {
  const reader = readerOf(stream)
  return {
    ...reader,
    send: (frame: Frame) => {
      if (frame.id === undefined) return reader.send(frame)
      place.set(topic, frame.id)
      reader.send({ ...frame, id: idOf(place) })
    },
  }
}
