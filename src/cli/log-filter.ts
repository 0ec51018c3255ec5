/** The flags of `hal0 logs` that choose among the requests. */
import type { DecisionFilter } from '../contract/logs/decision.ts'
import type { Args } from './command.ts'
import { usageError } from './terminal/failure.ts'

export const filterArgs = {
  slot: { type: 'string', valueHint: 'SLOT', description: 'Only requests that went to this slot', completes: 'slot' },
  model: {
    type: 'string',
    valueHint: 'MODEL',
    description: 'Only requests that asked for this model',
    completes: 'model',
  },
  caller: { type: 'string', valueHint: 'WHO', description: 'Only requests of this key or address' },
  endpoint: { type: 'string', valueHint: 'PATH', description: 'Only requests to this path, e.g. /v1/embeddings' },
  status: { type: 'string', valueHint: 'STATUS', description: 'Only answers with this HTTP status' },
  text: {
    type: 'string',
    valueHint: 'TEXT',
    description: 'Only where this is in the model, the reason, the message, the code or the request id',
  },
  since: { type: 'string', valueHint: 'WHEN', description: 'Only newer ones: 30m, 2h, 7d, a date, or a time' },
} as const satisfies Args

const secondsOf: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 }

/** The time that `--since` means, in RFC 3339. @param now milliseconds since the Unix epoch @throws Failure wrong usage */
export const sinceTime = (text: string, now: number): string => {
  const [, count, unit] = /^(\d{1,9})(s|m|min|h|d)$/.exec(text) ?? []
  const age = unit === undefined ? undefined : secondsOf[unit]
  // A date alone means its beginning here, not in Greenwich.
  const time =
    age === undefined
      ? Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text)
      : now - Number(count) * age * 1000
  if (Number.isFinite(time) && (age !== undefined || /^\d{4}-/.test(text))) return new Date(time).toISOString()
  throw usageError(
    `--since takes an age like 30m, 2h or 7d, a date, or a time like 2026-01-02T03:04:05Z, not '${text}'.`,
  )
}

/** @throws Failure wrong usage */
export const filterOf = (given: { [K in keyof typeof filterArgs]?: string | undefined }): DecisionFilter => {
  const { status, since, ...texts } = given
  const filter: DecisionFilter = {}
  for (const key of ['slot', 'model', 'caller', 'endpoint', 'text'] as const) {
    const value = texts[key]
    if (value !== undefined) filter[key] = value
  }
  if (status !== undefined) {
    if (!/^[1-9]\d\d$/.test(status)) throw usageError(`--status takes an HTTP status like 503, not '${status}'.`)
    filter.status = Number(status)
  }
  if (since !== undefined) filter.since = sinceTime(since, Date.now())
  return filter
}
