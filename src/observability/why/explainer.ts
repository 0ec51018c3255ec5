/** Explains what happened to requests and slots (spec §5, `GET /api/why`), and keeps what it takes to do so. */
import type { Caller } from '../../contract/caller.ts'
import type { Decision } from '../../contract/logs/decision.ts'
import type { SlotHappening, Why } from '../../contract/logs/why.ts'
import type { SlotRecord } from '../../contract/slot.ts'
import type { DecisionLog } from '../../dispatch/decisions/decision-log.ts'
import { bounded } from '../../lib/bounded.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { SlotDirectory, SlotView } from '../../slots/run/lease.ts'
import type { SlotService } from '../../slots/service.ts'
import { requestEvents, requestSentences } from './request-sentences.ts'
import { SlotRecorder } from './slot-recorder.ts'
import { slotSentences } from './slot-sentences.ts'

/** How many events of a slot are looked at. */
const eventsRead = 100
/** Writing a record takes a moment: events of a request's end may be a little younger than it. */
const graceMs = 1000

/** Who asks a slot for something. */
export interface Asking {
  slot: string
  /** The command; `request`: a request that needs it loaded. */
  command: string
  /** The model that a swap asks for. */
  model?: string
  requestId: string
  caller: Caller
  /** When, milliseconds since the Unix epoch; by default now. */
  time?: number
}

/** What the dispatcher and the API tell. */
export type TellAsking = (asking: Asking) => void

export interface WhyService {
  /**
   * @param about a request or a slot; neither: the slots that are not well, or else the last request
   * @throws Hal0Error `slot.not_found`; `request.not_found` for a request that is not in the log
   */
  explain(about: { request?: string; slot?: string }): Promise<Why>
  readonly asked: TellAsking
}

/** The part of the log that it needs. */
interface HappeningLog extends Pick<DecisionLog, 'list'> {
  happened(event: SlotHappening): void
  forgetSlot(slot: string): void
  events(slot: string, until: number, limit: number): Promise<SlotHappening[]>
}

export interface ExplainerDeps {
  log: HappeningLog
  slots: Pick<SlotDirectory, 'views'> & Pick<SlotService, 'signals'>
  /** Milliseconds since the Unix epoch. */
  now?: () => number
}

export class Explainer implements WhyService {
  readonly #log: HappeningLog
  readonly #slots: ExplainerDeps['slots']
  readonly #now: () => number
  readonly #recorder = new SlotRecorder()
  /** Slots that a request has woken: of those that wait with it, only the first one is kept. */
  readonly #waking = new Set<string>()

  constructor({ log, slots, now = Date.now }: ExplainerDeps) {
    this.#log = log
    this.#slots = slots
    this.#now = now
    slots.signals.subscribe((signal) => {
      if (signal.kind === 'deleted') {
        this.#recorder.forget(signal.name)
        this.#waking.delete(signal.name)
        log.forgetSlot(signal.name)
      } else if (signal.kind === 'record') {
        const event = this.#recorder.take(JSON.parse(signal.json) as SlotRecord)
        if (event === null) return
        this.#waking.delete(event.slot)
        log.happened(event)
      }
    })
  }

  readonly asked: TellAsking = ({ slot, command, model, requestId, caller, time = this.#now() }) => {
    if (!this.#slots.views().some(({ name }) => name === slot)) return
    if (command === 'request') {
      if (this.#waking.has(slot)) return
      this.#waking.add(slot)
    }
    this.#log.happened({
      time: new Date(time).toISOString(),
      what: 'asked',
      slot,
      text: command,
      state: null,
      model: model ?? null,
      code: null,
      said: null,
      request_id: requestId,
      caller: caller.name ?? caller.address,
    })
  }

  async explain({ request, slot }: { request?: string; slot?: string }): Promise<Why> {
    if (slot !== undefined) return this.#slot(this.#view(slot))
    if (request !== undefined) return this.#request(await this.#decision(request))
    const unwell = this.#slots.views().filter(({ state }) => state === 'error')
    if (unwell.length > 0) {
      const all = await Promise.all(unwell.map((view) => this.#slot(view)))
      return { sentences: all.flatMap(({ sentences }) => sentences), events: all.flatMap(({ events }) => events) }
    }
    const [last] = (await this.#log.list({ limit: 1 })).decisions
    if (last !== undefined) return this.#request(last)
    return { sentences: ['No slot is in error, and no request has come yet.'], events: [] }
  }

  async #slot(view: SlotView): Promise<Why> {
    const now = this.#now()
    const events = await this.#log.events(view.name, now, eventsRead)
    const { requests, waiting } = view
    return { sentences: slotSentences({ ...view, inFlight: requests - waiting }, events, now), events }
  }

  async #request(decision: Decision): Promise<Why> {
    const { slot, time, duration_ms } = decision
    const end = Date.parse(time) + duration_ms + graceMs
    const events = slot === null ? [] : await this.#log.events(slot, end, eventsRead)
    const all = [...events, ...requestEvents(decision)].sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
    return { sentences: requestSentences(decision, events, this.#now()), events: all }
  }

  #view(name: string): SlotView {
    const view = this.#slots.views().find((one) => one.name === name)
    if (view !== undefined) return view
    throw new Hal0Error(
      'slot.not_found',
      `There is no slot "${bounded(name, 128)}". hal0 slot list shows what there is.`,
      {
        param: 'slot',
      },
    )
  }

  async #decision(id: string): Promise<Decision> {
    const [decision] = (await this.#log.list({ request: id, limit: 1 })).decisions
    if (decision !== undefined) return decision
    throw new Hal0Error(
      'request.not_found',
      `There is no request "${bounded(id, 128)}" in the log. It has not ended yet, never came to a slot, or is too old; hal0 logs shows the last ones.`,
      { param: 'request' },
    )
  }
}
