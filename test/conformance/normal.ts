/** Answers without what differs from one to the next: ids, times, and how long something took. */
import type { Raw } from './clients.ts'

const volatile = new Set(['id', 'item_id', 'call_id', 'created', 'created_at', 'completed_at'])
const isTime = (key: string): boolean => key.endsWith('_ms') || key.includes('_per_')

/** `value` with everything volatile replaced by its kind. */
export const steady = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(steady)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      volatile.has(key) || isTime(key) ? `a ${typeof inner}` : steady(inner),
    ]),
  )
}

const parsed = (text: string): unknown => {
  try {
    return steady(JSON.parse(text))
  } catch {
    // Not JSON, e.g. [DONE].
    return text
  }
}

/** The events of a stream: their fields, with the data parsed. */
const eventsIn = (text: string): unknown[] =>
  text
    .split(/\r?\n\r?\n/)
    .map((event) =>
      event.split(/\r?\n/).map((line) => (line.startsWith('data: ') ? parsed(line.slice('data: '.length)) : line)),
    )

/** What can be compared of an answer: status, type, and its body or its events in their order. */
export const comparable = ({ status, type, text }: Raw): unknown => ({
  status,
  type,
  body: type?.startsWith('text/event-stream') === true ? eventsIn(text) : parsed(text),
})
