/** A daemon that goes away and comes back while a command follows what it does. */
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { talk } from '../terminal/output.ts'
import { call } from './client.ts'

/** The code of a daemon that is about to go. */
const going = new Set(['daemon.stopping'])
/** Codes of a daemon that has nothing to spare for a moment. */
const busy = new Set(['daemon.busy', 'stream.too_many'])

const hasCode = (error: unknown, codes: Set<string>): boolean =>
  error instanceof Failure && error.body !== null && codes.has(error.body.code)

/** Whether the daemon is not there for now: it does not answer, or is about to go. */
export const isAway = (error: unknown): boolean =>
  (error instanceof Failure && error.exitCode === exitCode.unreachable) || hasCode(error, going)

/** Says once that the daemon is gone, and once that it is back. */
export class Absence {
  readonly #beforeSaying: () => void
  #isGone = false

  /** @param beforeSaying clears what would be in the way of a line, e.g. a status line */
  constructor(beforeSaying: () => void = () => {}) {
    this.#beforeSaying = beforeSaying
  }

  /** Whether it is not known now what the daemon does. */
  get isGone(): boolean {
    return this.#isGone
  }

  begin(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#beforeSaying()
    talk.log('The daemon is gone; waiting for it to come back …')
  }

  end(): void {
    if (!this.#isGone) return
    this.#isGone = false
    this.#beforeSaying()
    talk.log('The daemon is back.')
  }
}

const firstPauseMs = 250
/** A restart that takes minutes is noticed this late at most, milliseconds. */
const longestPauseMs = 5000

/** @throws the signal's reason once it aborted */
const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const giveUp = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp)
      resolve()
    }, ms)
    signal?.addEventListener('abort', giveUp, { once: true })
  })

interface WaitOptions {
  absence: Absence
  signal?: AbortSignal
  /** Milliseconds before the first attempt; then the pauses grow. */
  pauseMs?: number
}

/**
 * Attempts something until the daemon answers, however long that takes.
 * @throws what the attempt throws while the daemon is there; the signal's reason once it aborted
 */
export const onceBack = async <T>(attempt: () => Promise<T>, options: WaitOptions): Promise<T> => {
  const { absence, signal } = options
  for (let pauseMs = options.pauseMs ?? 0; ; pauseMs = Math.min(Math.max(2 * pauseMs, firstPauseMs), longestPauseMs)) {
    await pause(pauseMs, signal)
    try {
      const result = await attempt()
      absence.end()
      return result
    } catch (error) {
      if (isAway(error)) absence.begin()
      else if (!hasCode(error, busy)) throw error
    }
  }
}

/** Resolves when the daemon answers again. @throws the signal's reason once it aborted */
export const untilBack = async (options: WaitOptions): Promise<void> => {
  await onceBack(() => call('health', {}), options)
}
