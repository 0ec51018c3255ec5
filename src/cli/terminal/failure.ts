import type { ErrorBody } from '../../contract/error.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { type ExitCode, exitCode } from './exit-code.ts'
import { hintFor } from './hints.ts'

interface Options {
  /** A command or an action for the "Try:" line; several commands in lines of their own. */
  hint?: string
  /** Lines shown below the sentence. */
  details?: string[]
  /** The body of the error envelope, if an API answered with one. */
  body?: ErrorBody
  /** The slot, model or engine that was asked for. */
  subject?: string | null
  /** The address where no hal0 answered, whether HAL0_URL names it, and whether something else answered. */
  unanswered?: { url: string; isGiven: boolean; isForeign: boolean }
  cause?: unknown
}

/**
 * Why a command failed. It is not a Hal0Error: it carries an exit status, and another version of the daemon (or a backend behind
 * it) may send codes that are not in this version's table.
 */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: ExitCode
  readonly hint: string | null
  readonly details: string[]
  readonly body: ErrorBody | null
  readonly subject: string | null
  readonly unanswered: NonNullable<Options['unanswered']> | null

  constructor(code: ExitCode, message: string, options: Options = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.exitCode = code
    this.hint = options.hint ?? null
    this.details = options.details ?? []
    this.body = options.body ?? null
    this.subject = options.subject ?? null
    this.unanswered = options.unanswered ?? null
  }
}

/** The command line itself is wrong: shown together with the command's usage. */
export const usageError = (message: string, hint?: string): Failure =>
  new Failure(exitCode.usage, message, hint === undefined ? {} : { hint })

/**
 * Makes a failure from an error envelope.
 * @param subject the slot, model or engine that was asked for, for the hint
 */
export const envelopeFailure = (body: ErrorBody, subject: string | null): Failure => {
  // A message that names a command is more specific than the table, which only sees the code.
  const hint = /\bhal0 [a-z]+ [a-z]+/.test(body.message) ? null : hintFor(body.code, subject)
  return new Failure(body.code.endsWith('.not_found') ? exitCode.notFound : exitCode.failed, body.message, {
    ...(hint === null ? {} : { hint }),
    details: detailLines(body.details),
    body,
    subject,
  })
}

/** Any thrown value as a Failure; null for a bug, which needs its stack trace. */
export const failureOf = (error: unknown): Failure | null => {
  if (error instanceof Failure) return error
  if (error instanceof Hal0Error) return envelopeFailure(error.body(), null)
  return null
}

/** The facts of an error that help a person: the remaining problems of a request, and what the backend printed last. */
const detailLines = (details: Record<string, unknown>): string[] => {
  const lines: string[] = []
  if (Array.isArray(details.problems) && details.problems.length > 1) {
    for (const problem of details.problems) {
      const { field, reason } = (problem ?? {}) as { field?: unknown; reason?: unknown }
      lines.push(`${String(field)} ${String(reason)}`)
    }
  }
  if (Array.isArray(details.last_lines) && details.last_lines.length > 0) {
    lines.push('The backend printed last:', ...details.last_lines.map((line) => `  ${String(line)}`))
  }
  return lines
}
