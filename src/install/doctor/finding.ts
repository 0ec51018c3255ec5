/** What doctor says about one thing. */

/** What is wrong, by a name that other findings refer to; slots and files share theirs. */
export type FindingId =
  | 'not-installed'
  | 'no-manager'
  | 'service-missing'
  | 'service-down'
  | 'service-boot'
  | 'service-stale'
  | 'drift'
  | 'unseen'
  | 'polkit'
  | 'lingering'
  | 'api-port'
  | 'slot-port'
  | 'slot-file'
  | 'configuration'
  | 'engine'
  | 'hub'
  | 'gpu'
  | 'machine'
  | 'unreadable'
  | 'damaged'
  | 'disk'
  | 'clock'

export interface Finding {
  id: FindingId
  /** Its subject, in words that people look for. */
  check: string
  /** error: something does not work; warning: it may fail, or may not work for long; note: good to know, nothing is wrong. */
  severity: 'error' | 'warning' | 'note'
  /** What is wrong. */
  problem: string
  /** What to do about it: a command, or a sentence where no command does it. */
  advice: string
  /** The command that does it, to be pasted as it is; null: there is none. */
  command: string | null
  /** Whether `doctor --fix` fixes it. */
  fixable: boolean
}

/** One finding or none, as checks return them. */
export const found = (
  id: FindingId,
  [check, severity]: readonly [string, Finding['severity']],
  problem: string,
  remedy: { command: string; advice?: string } | { advice: string },
  fixable = false,
): Finding[] => {
  const command = 'command' in remedy ? remedy.command : null
  return [{ id, check, severity, problem, advice: remedy.advice ?? command ?? '', command, fixable }]
}
