/** `GET /api/events`: the feeds that it has. */
import { EventQuery, type EventTopic, type SlotActivity, usualTopics } from '../../contract/events.ts'
import { eventStreams } from '../../contract/operations/event-streams.ts'
import type { DecisionLog } from '../../dispatch/decisions/decision-log.ts'
import { systemClock } from '../../lib/clock.ts'
import type { SlotView } from '../../slots/run/lease.ts'
import { followDecisions } from '../feeds/decision-feed.ts'
import { EventFeed } from '../feeds/event-feed.ts'
import type { PullFeed } from '../feeds/pull-feed.ts'
import type { SlotFeed } from '../feeds/slot-feed.ts'
import type { EventStreams, Frame } from '../feeds/sse.ts'
import { WatchedFeed } from '../feeds/watched-feed.ts'
import { checkQuery } from '../routing/operation.ts'
import type { Routes } from '../routing/routes.ts'

interface EventsDeps {
  slots: { views(): readonly SlotView[] }
  slotFeed: SlotFeed
  pullFeed: PullFeed
  decisions: DecisionLog
  /** What is wrong with the daemon now. */
  problems: () => readonly string[]
  streams: EventStreams
}

const activityOf = ({ name, requests, waiting }: SlotView): [string, Frame] => {
  const activity: SlotActivity = { name, in_flight: requests - waiting, waiting }
  return [name, { event: 'activity', data: JSON.stringify(activity) }]
}

export const mountEvents = (
  routes: Routes,
  { slots, slotFeed, pullFeed, decisions, problems, streams }: EventsDeps,
): void => {
  const activity = new WatchedFeed(() => new Map(slots.views().map(activityOf)), systemClock)
  const trouble = new WatchedFeed(
    () => new Map([['problems', { event: 'problems', data: JSON.stringify(problems()) }]]),
    systemClock,
  )
  const feed = new EventFeed(
    {
      slots: (reader, after) => slotFeed.follow(reader, { only: null, after }),
      pulls: (reader, after) => pullFeed.followAll(reader, after),
      activity: (reader) => activity.follow(reader),
      problems: (reader) => trouble.follow(reader),
      decisions: (reader, after) => followDecisions(decisions, reader, { filter: {}, after }),
    },
    streams,
  )
  routes.on(eventStreams.events, (request) => {
    const { topics } = checkQuery(EventQuery, request.url) as EventQuery
    // The schema allows no other names.
    return feed.open(request, new Set(topics === undefined ? usualTopics : (topics.split(',') as EventTopic[])))
  })
}
