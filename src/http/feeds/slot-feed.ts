/** `GET /api/slots/events`: the transitions of all slots as one stream (spec §5). */
import type { SlotService } from '../../slots/service.ts'
import { type SlotEvent, SlotHistory } from './slot-history.ts'
import { type EventStream, type EventStreams, encodeFrame } from './sse.ts'

interface Reader {
  stream: EventStream
  /** Only this slot; null: all. */
  only: string | null
}

export class SlotFeed {
  readonly #slots: SlotService
  readonly #streams: EventStreams
  readonly #history: SlotHistory
  readonly #readers = new Set<Reader>()

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
      } else {
        const bytes = encodeFrame({ event: 'progress', data: JSON.stringify(signal.progress) })
        for (const reader of this.#readersOf(signal.progress.name)) reader.stream.offer(bytes)
      }
    })
  }

  /**
   * @param only name of the slot to follow; null: all
   * @throws Hal0Error `stream.too_many`
   */
  open(request: Request, only: string | null): Response {
    return this.#streams.open(request, (stream) => {
      const reader = { stream, only }
      for (const event of this.#missed(request.headers.get('last-event-id'), only)) stream.send(encodeFrame(event))
      this.#readers.add(reader)
      return () => this.#readers.delete(reader)
    })
  }

  #missed(lastEventId: string | null, only: string | null): SlotEvent[] {
    const concerns = ({ name }: { name: string }): boolean => only === null || name === only
    const missed = lastEventId === null ? null : this.#history.since(lastEventId)
    return missed?.filter(concerns) ?? this.#history.snapshot(this.#slots.records().filter(concerns))
  }

  #publish(event: SlotEvent): void {
    const bytes = encodeFrame(event)
    for (const reader of this.#readersOf(event.name)) reader.stream.send(bytes)
  }

  *#readersOf(name: string): Generator<Reader> {
    for (const reader of this.#readers) if (reader.only === null || reader.only === name) yield reader
  }
}
