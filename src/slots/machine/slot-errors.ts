/** The messages of the slots' errors, in one place. */
import type { ErrorBody } from '../../contract/error.ts'
import type { PullFigures, SlotRecord, SlotState } from '../../contract/slot.ts'
import { duration, elapsed } from '../../lib/figures.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import type { Cause } from '../../providers/provider.ts'
import type { ExitReport, PortOwner } from '../../system/supervisor.ts'

export const slotNotFound = (name: string, known: string[] = []): Hal0Error => {
  const there = known.length === 0 ? 'See them: hal0 slot list' : `There are: ${known.join(', ')}.`
  return new Hal0Error('slot.not_found', `There is no slot ${JSON.stringify(name)}. ${there}`, {
    details: { slot: name, available: known },
  })
}

export const notLoaded = (name: string): Hal0Error =>
  new Hal0Error('slot.not_loaded', `Slot ${name} is offline. Load it: hal0 slot load ${name}`, {
    details: { slot: name },
  })

export const noModel = (name: string): Hal0Error =>
  new Hal0Error('slot.no_model', `Slot ${name} has no model. Give it one: hal0 slot swap ${name} --model MODEL`, {
    details: { slot: name },
  })

/** The load under way: its age and what was expected of it from earlier loads, milliseconds. */
export interface LoadAge {
  elapsedMs: number
  expectedMs: number | null
}

/** Retry-After where nobody knows how long a load or a queue takes, seconds. */
export const unknownS = 5

const stillLoading = (
  code: 'slot.starting' | 'slot.warming',
  doing: string,
  name: string,
  load: LoadAge | null,
): Hal0Error => {
  const elapsedS = load === null ? null : Math.round(load.elapsedMs) / 1000
  const expectedS = load === null || load.expectedMs === null ? null : Math.round(load.expectedMs) / 1000
  const leftS = elapsedS === null || expectedS === null ? 0 : Math.ceil(expectedS - elapsedS)
  const sentence = `Slot ${name} is still ${doing}`
  return new Hal0Error(
    code,
    elapsedS === null || leftS <= 0
      ? `${sentence}. Try again in a few seconds.`
      : `${sentence}: ${elapsed(elapsedS, expectedS)}. Try again in ${duration(leftS)}.`,
    { details: { slot: name, elapsed_s: elapsedS, expected_s: expectedS }, retryAfterS: leftS > 0 ? leftS : unknownS },
  )
}

export const stillStarting = (name: string, load: LoadAge | null): Hal0Error =>
  stillLoading('slot.starting', 'starting its backend', name, load)

export const stillWarming = (name: string, load: LoadAge | null): Hal0Error =>
  stillLoading('slot.warming', 'loading its model into memory', name, load)

/** @param record of the slot; a load follows if that is its intent (a restart, a swap) */
export const unloading = ({ name, intent }: Pick<SlotRecord, 'name' | 'intent'>): Hal0Error => {
  const sentence =
    intent === 'load'
      ? `Slot ${name} is being restarted. Ask again in a few seconds.`
      : `Slot ${name} is being unloaded. Load it again: hal0 slot load ${name}`
  return new Hal0Error('slot.unloading', sentence, { details: { slot: name }, retryAfterS: 2 })
}

/** @param next what the slot runs from now on */
export const swappedAway = (name: string, model: string, next: string | null): Hal0Error =>
  new Hal0Error(
    'model.not_found',
    `Slot ${name} runs ${next ?? 'another model'} from now on, not ${model}. Ask for ${next ?? 'that'}, or for the slot by its name: ${name}`,
    { param: 'model', details: { slot: name, model, now: next } },
  )

/** @param figures the progress; null before it began */
export const pulling = (name: string, model: string | null, figures: PullFigures | null): Hal0Error => {
  const percent =
    figures === null || figures.bytes_total === null || figures.bytes_total === 0
      ? ''
      : ` (${Math.floor((figures.bytes_received / figures.bytes_total) * 100)} % are here)`
  return new Hal0Error(
    'slot.pulling',
    `Slot ${name} is waiting for its model ${model ?? ''} to be downloaded${percent}. Try again later.`,
    {
      details: { slot: name, model, ...(figures === null ? {} : { pull: figures }) },
      retryAfterS: Math.min(600, Math.max(5, Math.ceil(figures?.eta_s ?? 10))),
    },
  )
}

export const loadCancelled = (name: string, why: string): Hal0Error =>
  new Hal0Error('slot.load_cancelled', `The load of slot ${name} was cancelled: ${why}.`, { details: { slot: name } })

export const loadTimeout = (name: string, seconds: number): Hal0Error =>
  new Hal0Error(
    'slot.load_timeout',
    `Slot ${name} was not ready within ${seconds} s. Look at what it printed (hal0 slot logs ${name}), or raise load_timeout_s.`,
    { details: { slot: name, load_timeout_s: seconds } },
  )

/**
 * @param silentS how long it sent nothing
 * @param healthS how long its health probe was unanswered after that
 * @param restarts whether it is loaded again automatically
 */
export const stalled = (name: string, silentS: number, healthS: number, restarts: boolean): Hal0Error =>
  new Hal0Error(
    'slot.stalled',
    `The backend of slot ${name} hung: it had requests and sent nothing for ${silentS} s, and its health probe stayed unanswered for ${healthS} s, so hal0 ended it${
      restarts
        ? ` and loads it again. What it printed: hal0 slot logs ${name}`
        : `. Look at what it printed (hal0 slot logs ${name}), and load it again: hal0 slot load ${name}`
    }`,
    { details: { slot: name, stall_timeout_s: silentS, health_timeout_s: healthS } },
  )

export const portInUse = (name: string, port: number, owner: PortOwner): Hal0Error => {
  const who =
    owner.kind === 'other' && owner.command !== null
      ? `${owner.command} (pid ${owner.pid ?? 'unknown'})`
      : 'another program'
  return new Hal0Error(
    'slot.port_in_use',
    `Port ${port} of slot ${name} is in use by ${who}. End that program, or give the slot another port: hal0 slot edit ${name} --set port=PORT`,
    { details: { slot: name, port, pid: owner.kind === 'other' ? owner.pid : null } },
  )
}

/** Another slot runs on the port, so a start would only find it taken. */
export const portOfSlot = (name: string, port: number, other: string): Hal0Error =>
  new Hal0Error(
    'slot.port_in_use',
    `Slot ${other} runs on port ${port}, which slot ${name} has too. Give one of them another port: hal0 slot edit ${name} --set port=PORT`,
    { details: { slot: name, port, other } },
  )

/** @param tries how often in a row it could not be stopped */
export const notStopped = (name: string, error: Hal0Error, tries: number): Hal0Error =>
  new Hal0Error(
    'slot.stop_failed',
    `The backend of slot ${name} could not be stopped and may still run; hal0 keeps trying. ${error.message}`,
    { details: { ...error.details, slot: name, tries, cause: error.code } },
  )

/** Retry-After for an accepted load that begins as soon as the failed process is gone, seconds. */
export const soonS = 2

/**
 * The error with which a slot in error answers requests: its failure, and when to try again.
 * @param loadInS seconds until it is loaded again automatically; null if it is not
 * @param wall milliseconds since the Unix epoch
 */
export const standingError = (body: ErrorBody, loadInS: number | null, wall: number): Hal0Error => {
  const { retry_at } = body.details
  const allowedInS = typeof retry_at === 'string' ? (Date.parse(retry_at) - wall) / 1000 : 0
  return Hal0Error.fromBody(body, loadInS ?? (allowedInS > 0 ? allowedInS : null))
}

/** Whether a slot leaves the error by itself: a cancelled load, or a stop that is being retried. There is nothing to acknowledge. */
export const isPassing = ({ code, details }: ErrorBody): boolean =>
  code === 'slot.load_cancelled' || (code === 'slot.stop_failed' && typeof details.tries === 'number')

/** The reason of a record in error that somebody has acknowledged, and whose process has yet to end. */
export const acknowledgedReason = 'acknowledged; its process is still being ended'

/** Whether the error of this record leads to offline, because it passes by itself or somebody has acknowledged it. */
export const isAcknowledged = ({ state, reason, error }: SlotRecord): boolean =>
  state === 'error' && (reason === acknowledgedReason || (error !== null && isPassing(error)))

/** Number of last lines of a dead backend to show; its log has them all. */
const shownLines = 20

const howItEnded = (exit: ExitReport): string => {
  if (exit.signal !== null) return `was ended by ${exit.signal}`
  if (exit.exitCode !== null) return `exited with code ${exit.exitCode}`
  return 'ended (how is not known, since hal0 was restarted meanwhile)'
}

/**
 * The error of a backend that died: how it ended, why if its output says so, and its last lines.
 * @param cause none: nothing in its output says why, so its last line is shown instead
 * @param lessMemory see Provider.lessMemory
 */
export const crashed = (
  name: string,
  exit: ExitReport,
  outOfMemory: ExitReport['outOfMemory'],
  when: string,
  { cause = null, lessMemory }: { cause: Cause | null | undefined; lessMemory: string },
): Hal0Error => {
  const ended = {
    slot: name,
    exit_code: exit.exitCode,
    signal: exit.signal,
    last_lines: exit.lastLines.slice(-shownLines),
  }
  if (outOfMemory === 'probably') {
    return new Hal0Error(
      'slot.out_of_memory',
      `The backend of slot ${name} ${howItEnded(exit)} ${when}, probably for lack of memory: the kernel ended a program for that at the same time. If so, it helps to take a smaller model, ${lessMemory}.`,
      { details: ended },
    )
  }
  if (outOfMemory) {
    return new Hal0Error(
      'slot.out_of_memory',
      `The backend of slot ${name} ran out of memory ${when} and ${howItEnded(exit)}. Take a smaller model, ${lessMemory}.`,
      { details: ended },
    )
  }
  const details = { ...ended, cause_line: cause?.line ?? null }
  const how = `The backend of slot ${name} ${howItEnded(exit)} ${when}`
  const more = `More: hal0 slot logs ${name}`
  if (cause !== null) {
    return new Hal0Error('slot.crashed', `${how}: ${cause.why}. It said: ${cause.line}. ${more}`, { details })
  }
  const last = exit.lastLines.at(-1)
  const said = last === undefined ? '' : ` Its last line: ${last.trim()}.`
  return new Hal0Error('slot.crashed', `${how}.${said} ${more}`, { details })
}

export const refusedCommand = (name: string, command: string, state: SlotState, hint: string): Hal0Error =>
  new Hal0Error(
    'slot.invalid_transition',
    `Cannot ${command} slot ${name}: it is ${state === 'error' ? 'in error' : state}.${hint === '' ? '' : ` ${hint}`}`,
    { details: { slot: name, state, command } },
  )
