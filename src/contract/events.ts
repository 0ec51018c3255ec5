/** Wire types of `GET /api/events`, the one stream that has the news of everything. */
import { type Static, Type } from 'typebox'
import { patterned } from './schema/pattern.ts'
import { SlotName } from './slot.ts'

/**
 * What can be subscribed to, and the types of its events: `slots` (slot, deleted, progress), `pulls` (pull), `activity` (activity),
 * `problems` (problems), `decisions` (decision).
 */
export const eventTopics = ['slots', 'pulls', 'activity', 'problems', 'decisions'] as const
export type EventTopic = (typeof eventTopics)[number]

/** What a stream carries that names no topics: all but the decisions, of which a busy machine makes hundreds a second. */
export const usualTopics: readonly EventTopic[] = ['slots', 'pulls', 'activity', 'problems']

const one = `(?:${eventTopics.join('|')})`

export const EventQuery = Type.Object(
  {
    topics: Type.Optional(
      patterned(`^${one}(?:,${one})*$`, `must be names out of ${eventTopics.join(', ')}, with commas between them`, {
        maxLength: 128,
        description: `Names out of ${eventTopics.join(', ')}, with commas between them; by default ${usualTopics.join(',')}.`,
      }),
    ),
  },
  { additionalProperties: false },
)
export type EventQuery = Static<typeof EventQuery>

/** Data of an `activity` event: how busy a slot is. Sent when it has changed, at most once a second; never stored. */
export const SlotActivity = Type.Object(
  {
    name: SlotName,
    in_flight: Type.Integer({ minimum: 0, description: 'Requests at the backend.' }),
    waiting: Type.Integer({
      minimum: 0,
      description: 'Requests that wait for the load, or for a place at the backend.',
    }),
  },
  { additionalProperties: false },
)
export type SlotActivity = Static<typeof SlotActivity>
