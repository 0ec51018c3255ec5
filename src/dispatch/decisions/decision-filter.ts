/** Which decisions a query means. Pure; the database finds the same ones by its indexes. */
import type { Decision } from '../../contract/logs/decision.ts'
import type { DecisionQuery } from './decision-log.ts'

const has = <T>(wanted: T | undefined, ...values: T[]): boolean => wanted === undefined || values.includes(wanted)

const containsText = (text: string, { request_id, model, reason, message, code }: Decision): boolean => {
  const part = text.toLowerCase()
  return [request_id, model, reason, message, code].some((one) => one?.toLowerCase().includes(part))
}

export const isWanted = (decision: Decision, query: DecisionQuery): boolean => {
  const { id, caller } = decision
  const { before, after, since, until, text } = query
  const time = since === undefined && until === undefined ? 0 : Date.parse(decision.time)
  return (
    (before === undefined || id < before) &&
    (after === undefined || id > after) &&
    (since === undefined || time >= since) &&
    (until === undefined || time < until) &&
    has<string | null>(query.slot, decision.slot) &&
    has<string | null>(query.model, decision.model) &&
    has<string | null>(query.caller, caller?.name ?? null, caller?.address ?? null) &&
    has(query.endpoint, decision.path) &&
    has(query.status, decision.status) &&
    has(query.outcome, decision.outcome) &&
    has(query.request, decision.request_id) &&
    (text === undefined || containsText(text, decision))
  )
}
