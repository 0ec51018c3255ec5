/** The daemon's own log: one line per event on stderr (journald keeps a unit's stderr). Secrets and control characters stay out of it. */
import { createConsola } from 'consola'
import { safeForLog } from './log-text.ts'

export const log = createConsola({ stdout: process.stderr, stderr: process.stderr, formatOptions: { date: true } })

log.setReporters(
  log.options.reporters.map((reporter) => ({
    log: (entry, context) => reporter.log({ ...entry, args: entry.args.map(safeForLog) }, context),
  })),
)
