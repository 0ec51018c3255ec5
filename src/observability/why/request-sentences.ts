/** Why a request was answered as it was, in sentences. Pure. */
import type { Decision } from '../../contract/logs/decision.ts'
import type { Happening, SlotHappening } from '../../contract/logs/why.ts'
import { milliseconds } from '../../lib/figures.ts'
import { askedFor, asker, lastLoad, loadSentences } from './load-story.ts'
import { clock, span } from './times.ts'

/** Waits that are worth a sentence, milliseconds. */
const noticeable = 20

/** What helps, for codes whose message may not have said it. */
const remedies: Record<string, (slot: string) => string> = {
  'slot.queue_full': (slot) =>
    `More of them at once: hal0 slot edit ${slot} --set max_in_flight=N; or a longer queue: --set queue_length=N`,
  'slot.warming': (slot) => `Clients may wait longer: hal0 slot edit ${slot} --set request_timeout_s=N`,
  'slot.starting': (slot) => `Clients may wait longer: hal0 slot edit ${slot} --set start_wait_s=N`,
  'slot.not_loaded': (slot) =>
    `Load it: hal0 slot load ${slot}; or let its requests do so: hal0 slot edit ${slot} --set load=on-demand`,
  'slot.stalled': (slot) =>
    `Have it loaded again automatically: hal0 slot edit ${slot} --set restart=on-failure; or allow longer silences: --set stall_timeout_s=N`,
  'upstream.failed': (slot) => `What its backend printed: hal0 slot logs ${slot}`,
  'upstream.timeout': (slot) => `What its backend printed: hal0 slot logs ${slot}`,
}

const callerOf = ({ caller }: Decision): string => caller?.name ?? caller?.address ?? 'an unknown caller'

const routing = (decision: Decision, now: number): string => {
  const { request_id, path, model, slot, reason, code, time } = decision
  const head = `Request ${request_id} of ${callerOf(decision)} came at ${clock(time, now)}: ${path} ${model === null ? 'without a model' : `for "${model}"`}.`
  if (slot === null) return `${head} It reached no slot${code === null ? '' : ` (${code})`}: ${reason}`
  return `${head} It went to slot ${slot}: ${reason}.`
}

/** What was done to the slot while the request was there. */
const interventions = (decision: Decision, events: readonly SlotHappening[], now: number): string[] => {
  const from = Date.parse(decision.time)
  const to = from + decision.duration_ms
  return events
    .filter(
      ({ what, text, time }) =>
        what === 'asked' && text !== 'request' && Date.parse(time) >= from && Date.parse(time) <= to,
    )
    .map((event) => `Meanwhile, at ${clock(event.time, now)}: ${asker(event)} ${askedFor(event)}.`)
}

/** The failure of the slot that the request met or lived through. */
const failureNear = (decision: Decision, events: readonly SlotHappening[]): SlotHappening | null =>
  decision.code?.startsWith('slot.') === true || decision.outcome === 'broken'
    ? (events.findLast(
        (event) => event.state === 'error' && (decision.code === null || event.code === decision.code),
      ) ?? null)
    : null

const waits = (decision: Decision, events: readonly SlotHappening[], now: number): string[] => {
  const { load_ms, queue_ms, position, priority, state } = decision
  const sentences: string[] = []
  if (load_ms !== null && load_ms > noticeable) {
    const story = lastLoad(events)
    sentences.push(
      `It waited ${span(load_ms)} for the slot to load.`,
      ...(story === null ? [] : loadSentences(story, now, Date.parse(decision.time) + load_ms)),
    )
  }
  if (queue_ms !== null && queue_ms > noticeable) {
    const ahead = position === null || position === 1 ? '' : ` When it came, ${position - 1} stood before it.`
    const behind = priority === 'batch' ? ' As batch work it stood behind interactive requests.' : ''
    sentences.push(
      `It waited ${span(queue_ms)} for a place: the slot was serving as many requests as it may (max_in_flight).${ahead}${behind}`,
    )
  }
  if (sentences.length === 0 && state !== null)
    sentences.push(`The slot was ${state}, so that it did not have to wait.`)
  return sentences
}

const tokens = ({ prompt_tokens, cached_tokens, completion_tokens, tokens_per_second }: Decision): string => {
  if (completion_tokens === null) return ''
  const cached = cached_tokens === null || cached_tokens === 0 ? '' : `, ${cached_tokens} of them cached`
  const rate = tokens_per_second === null ? '' : `, ${tokens_per_second} a second`
  return ` It has ${completion_tokens} tokens${rate}${prompt_tokens === null ? '' : `; the prompt had ${prompt_tokens}${cached}`}.`
}

const ending = (decision: Decision): string[] => {
  const { outcome, status, code, duration_ms, first_byte_ms, message, reason, slot, streamed } = decision
  const total = span(duration_ms)
  switch (outcome) {
    case 'ok':
      return [
        `${streamed ? `The first token came after ${milliseconds(first_byte_ms)}, and the answer` : 'The answer'} was complete after ${total}.${tokens(decision)}`,
      ]
    case 'aborted':
      return [
        `The client left after ${total}, ${first_byte_ms === null ? 'before anything was sent to it' : 'in the middle of the answer'}.`,
      ]
    case 'broken':
      return [`The answer broke off after ${total}${code === null ? '' : ` (${code})`}.`]
    default:
      if (code === null) return [`The backend itself answered with status ${status} after ${total}.`]
      return slot === null
        ? []
        : [`It was refused with status ${status} after ${total} (${code}): ${message ?? reason}`]
  }
}

/** @param events of its slot up to its end, oldest first */
export const requestSentences = (decision: Decision, events: readonly SlotHappening[], now: number): string[] => {
  const { slot, code, outcome } = decision
  const failure = failureNear(decision, events)
  const remedy = slot === null || code === null ? undefined : remedies[code]?.(slot)
  const placed = decision.wait_ms !== null
  return [
    routing(decision, now),
    ...(placed ? waits(decision, events, now) : []),
    ...interventions(decision, events, now),
    ...ending(decision),
    ...(failure === null ? [] : [`The slot had failed at ${clock(failure.time, now)}: ${failure.text}`]),
    ...(failure?.said == null ? [] : [`Its backend said last: ${failure.said}`]),
    ...(remedy === undefined || outcome === 'ok' ? [] : [remedy]),
  ]
}

/** The steps of a request, for the list of events. */
export const requestEvents = (decision: Decision): Happening[] => {
  const { time, slot, request_id, model, state, code, wait_ms, first_byte_ms, duration_ms, status, outcome } = decision
  const step = (afterMs: number, text: string, more: Partial<Happening> = {}): Happening => ({
    time: new Date(Date.parse(time) + afterMs).toISOString(),
    what: 'request',
    slot,
    text,
    state: null,
    model,
    code: null,
    said: null,
    request_id,
    caller: callerOf(decision),
    ...more,
  })
  return [
    step(0, `arrived: ${decision.path}`),
    ...(wait_ms === null ? [] : [step(wait_ms, 'got its place', { state })]),
    ...(first_byte_ms === null ? [] : [step(first_byte_ms, 'first byte of the answer')]),
    step(duration_ms, `ended: ${outcome}, status ${status}`, { code }),
  ]
}
