/** Reads from the journal what a unit's processes printed, with journalctl. */

import { withDeadline } from '../../../lib/async/with-deadline.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import type { TakeLog } from '../../supervisor.ts'
import { slotUid } from '../unit/slot-user.ts'
import { findProgram, type Scope } from '../unit/systemctl.ts'
import { JournalFollower, type JournalReader, type LastLines, type ReadBefore } from './journal-follower.ts'
import { type JournalLine, JournalLines, timeOfCursor } from './journal-lines.ts'

const limitMs = 5000
const pipesMs = 500
/** The most recent lines are far shorter than this. */
const longestBytes = 16 << 20

/** Selects entries. */
export interface Match {
  unit: string
  /** Milliseconds since the Unix epoch. */
  since?: number
}

const since = (ms: number): string => `--since=@${(ms / 1000).toFixed(6)}`

/**
 * Not --unit, which also shows what systemd itself says about the unit. And not by the unit alone: journald looks up the unit of the
 * process when a line arrives, which fails if the process has died by then (systemd 252), unless it ran as root. The identifier is
 * set in the unit and always there. It is combined with the user, so that nobody else can write into a slot's log.
 */
const matches = (scope: Scope, { unit, since: from }: Match): string[] => {
  const identifier = `SYSLOG_IDENTIFIER=${unit.replace(/\.service$/, '')}`
  const slot = unit.startsWith('hal0-slot@') ? slotUid() : null
  return [
    ...(from === undefined ? [] : [since(from)]),
    ...(scope === 'user' ? [identifier, `_UID=${process.getuid?.() ?? 0}`] : [`_SYSTEMD_UNIT=${unit}`]),
    ...(scope === 'user' || slot === null ? [] : ['+', identifier, `_UID=${slot}`]),
  ]
}

const spawn = (program: string, args: string[], timeout?: number) =>
  Bun.spawn(
    [program, '--quiet', '--no-pager', '--output=json', '--output-fields=MESSAGE,_LINE_BREAK', '--all', ...args],
    {
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
      ...(timeout === undefined ? {} : { timeout, killSignal: 'SIGKILL' as const, maxBuffer: longestBytes }),
    },
  )

export class Journal {
  readonly #scope: Scope
  readonly #program: string | null

  constructor(scope: Scope, program: string | null = findProgram('journalctl')) {
    this.#scope = scope
    this.#program = program
  }

  /**
   * The last `count` lines, oldest first, and the cursor of the last entry.
   * @throws Hal0Error `supervisor.failed` when there is no journalctl or it does not answer within 5 s
   */
  async last(match: Match, count: number): Promise<LastLines> {
    // In reverse, since otherwise journalctl counts forward from --since. Lines that were split at a NUL byte are put together
    // again, so that more entries than lines may be needed.
    const entries = await this.#entries(['--reverse', `--lines=${count * 2}`, ...matches(this.#scope, match)])
    const lines: JournalLine[] = []
    const reader = new JournalLines((line) => lines.push(line))
    for (const entry of entries.reverse()) reader.entry(entry)
    reader.end()
    return { lines: lines.slice(-count), cursor: reader.cursor }
  }

  /**
   * Where a reader goes on that knows everything up to the entry with this cursor; a gap comes first where the journal does not have
   * that entry, or it is of before the match.
   * @throws Hal0Error `supervisor.failed`
   */
  async after({ unit, since: from = 0 }: Match, cursor: string): Promise<LastLines> {
    const time = timeOfCursor(cursor)
    if (time === null || time < from) return { lines: [], cursor: null, gap: true }
    const [entry = ''] = await this.#entries([`--cursor=${cursor}`, '--lines=1', ...matches(this.#scope, { unit })])
    const reader = new JournalLines(() => {})
    reader.entry(entry)
    return reader.cursor === cursor ? { lines: [], cursor } : { lines: [], cursor: null, gap: true }
  }

  /**
   * Passes each line that is printed from now on to `take`.
   * @param before reads the lines to report first; null: none
   */
  follow(unit: string, take: TakeLog, before: ReadBefore | null): JournalFollower {
    const began = Date.now()
    const open = (after: string | null): JournalReader => {
      const from = after === null ? matches(this.#scope, { unit, since: began }) : matches(this.#scope, { unit })
      const resume = after === null ? [] : [`--after-cursor=${after}`]
      const child = spawn(this.#journalctl(), ['--follow', '--no-tail', ...resume, ...from])
      child.unref()
      return {
        output: child.stdout,
        ended: child.exited.then((code) =>
          child.signalCode === null ? `journalctl ended with ${code}.` : `journalctl was ended by ${child.signalCode}.`,
        ),
        kill: () => child.kill('SIGKILL'),
      }
    }
    return new JournalFollower(unit, open, take, before)
  }

  /** What journalctl prints, an entry each. @throws Hal0Error `supervisor.failed` */
  async #entries(args: string[]): Promise<string[]> {
    const child = spawn(this.#journalctl(), args, limitMs)
    const output = new Response(child.stdout).text()
    await child.exited
    const entries = (await withDeadline(output, pipesMs, '')).split('\n')
    if (child.signalCode === null) return entries
    throw new Hal0Error(
      'supervisor.failed',
      `journalctl did not answer within ${limitMs / 1000} s. Look at: systemctl status systemd-journald`,
    )
  }

  #journalctl(): string {
    if (this.#program !== null) return this.#program
    throw new Hal0Error(
      'supervisor.failed',
      'There is no journalctl on this machine, so what a slot prints cannot be read.',
    )
  }
}
