/** The daemon's own log: one line per event on stderr (journald keeps a unit's stderr). */
import { createConsola } from 'consola'

export const log = createConsola({ stdout: process.stderr, stderr: process.stderr, formatOptions: { date: true } })
