/** The one error envelope and the one table of codes (spec §4). Codes are stable API. */
import { type Static, Type } from 'typebox'

interface CodeRow {
  /** HTTP status of the answer. */
  status: number
  /** OpenAI's `error.type`. */
  type: string
  /** `wait`: waiting helps, so a Retry-After is sent; `never`: `x-should-retry: false` is sent; absent: the client decides. */
  retry?: 'wait' | 'never'
}

const invalid = 'invalid_request_error'
const notFound = 'not_found_error'
const conflict = 'conflict_error'
const server = 'server_error'
const row = (status: number, type: string, retry?: CodeRow['retry']): CodeRow =>
  retry === undefined ? { status, type } : { status, type, retry }

export const errorCodes = {
  'request.invalid': row(400, invalid),
  'request.too_large': row(413, invalid),
  'request.unsupported': row(400, invalid),
  'request.not_found': row(404, notFound),
  'request.method_not_allowed': row(405, invalid),
  'auth.required': row(401, 'authentication_error'),
  'auth.forbidden': row(403, 'permission_error'),
  'auth.rate_limited': row(429, 'rate_limit_error', 'wait'),
  'key.not_found': row(404, notFound),
  'key.exists': row(409, conflict, 'never'),
  'host.not_allowed': row(421, invalid),
  'origin.not_allowed': row(403, 'permission_error'),
  'model.not_found': row(404, notFound),
  'model.in_use': row(409, conflict, 'never'),
  'model.exists': row(409, conflict, 'never'),
  'model.invalid_file': row(400, invalid),
  'model.corrupt': row(500, server, 'never'),
  'model.verify_stopped': row(503, server),
  'slot.not_found': row(404, notFound),
  'slot.exists': row(409, conflict, 'never'),
  'slot.invalid_transition': row(409, conflict, 'never'),
  'slot.not_loaded': row(503, server, 'never'),
  'slot.pulling': row(503, server, 'wait'),
  'slot.starting': row(503, server, 'wait'),
  'slot.warming': row(503, server, 'wait'),
  'slot.unloading': row(503, server, 'wait'),
  'slot.queue_full': row(429, 'rate_limit_error', 'wait'),
  'slot.port_in_use': row(503, server, 'never'),
  'slot.no_port': row(503, server, 'never'),
  'slot.spawn_failed': row(503, server, 'never'),
  'slot.crashed': row(503, server, 'never'),
  'slot.probe_failed': row(503, server, 'never'),
  'slot.load_timeout': row(503, server, 'never'),
  'slot.load_cancelled': row(503, server, 'never'),
  'slot.out_of_memory': row(503, server, 'never'),
  'slot.stalled': row(503, server, 'never'),
  'slot.no_model': row(503, server, 'never'),
  'slot.stop_failed': row(503, server, 'never'),
  'engine.not_installed': row(503, server, 'never'),
  'engine.not_found': row(404, notFound),
  'engine.install_failed': row(502, server, 'never'),
  'engine.in_use': row(409, conflict, 'never'),
  'config.invalid': row(503, server, 'never'),
  'supervisor.failed': row(503, server, 'never'),
  'storage.full': row(507, server, 'never'),
  'storage.failed': row(500, server, 'never'),
  'upstream.failed': row(502, server),
  'upstream.timeout': row(504, server),
  'stream.too_many': row(503, server, 'wait'),
  'stream.not_found': row(404, notFound),
  'daemon.stopping': row(503, server, 'wait'),
  'daemon.busy': row(503, server, 'wait'),
  'pull.not_found': row(404, notFound),
  'pull.ambiguous': row(409, conflict, 'never'),
  'pull.gated': row(403, 'permission_error'),
  'pull.unauthorized': row(401, 'authentication_error'),
  'pull.rate_limited': row(429, 'rate_limit_error', 'wait'),
  'pull.no_space': row(507, server, 'never'),
  'pull.checksum_mismatch': row(502, server, 'never'),
  'pull.size_mismatch': row(502, server, 'never'),
  'pull.network': row(502, server),
  'pull.cancelled': row(409, conflict, 'never'),
  'install.refused': row(409, conflict, 'never'),
  'install.failed': row(500, server, 'never'),
  'update.not_installed': row(409, conflict, 'never'),
  'update.not_permitted': row(403, 'permission_error'),
  'update.not_configured': row(409, conflict, 'never'),
  'update.busy': row(409, conflict, 'never'),
  'update.network': row(502, server),
  'update.untrusted': row(502, server, 'never'),
  'update.invalid_manifest': row(502, server, 'never'),
  'update.expired': row(502, server, 'never'),
  'update.older': row(409, conflict, 'never'),
  'update.too_far': row(409, conflict, 'never'),
  'update.no_artifact': row(409, conflict, 'never'),
  'update.size_mismatch': row(502, server, 'never'),
  'update.checksum_mismatch': row(502, server, 'never'),
  'update.broken': row(502, server, 'never'),
  'update.unhealthy': row(503, server, 'never'),
  'update.no_previous': row(409, conflict, 'never'),
  internal: row(500, server),
} as const satisfies Record<string, CodeRow>

export type ErrorCode = keyof typeof errorCodes

/**
 * The row of a code, with its optional keys visible. After a rollback, a stored error may have a code of a newer hal0: it is treated
 * as `internal`, but keeps its message.
 */
export const codeRow = (code: ErrorCode): CodeRow =>
  Object.hasOwn(errorCodes, code) ? errorCodes[code] : errorCodes.internal

export const ErrorBody = Type.Object({
  message: Type.String(),
  type: Type.String(),
  param: Type.Union([Type.String(), Type.Null()]),
  code: Type.String(),
  details: Type.Record(Type.String(), Type.Unknown()),
})
/** The body of the envelope, as seen in `state.json` and by clients of `/v1`. */
export type ErrorBody = Static<typeof ErrorBody>

export const ErrorEnvelope = Type.Object({ error: ErrorBody })
export type ErrorEnvelope = Static<typeof ErrorEnvelope>

/** The same for clients of Anthropic's API. */
export const AnthropicErrorEnvelope = Type.Object({
  type: Type.Literal('error'),
  error: Type.Omit(ErrorBody, ['param']),
})
export type AnthropicErrorEnvelope = Static<typeof AnthropicErrorEnvelope>
