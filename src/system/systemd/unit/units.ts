/** Operations on a slot's unit, made of systemctl calls with time limits. */
import { readFile } from 'node:fs/promises'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import { refusalOf, type Systemctl } from './systemctl.ts'
import { isOver, parseUnitState, shownProperties, type UnitState } from './unit-state.ts'

const pollMs = 10
/** Time limit for the launcher to become the backend, which takes 30 ms. */
const executeLimitMs = 10_000
/** systemd notices a death a moment after /proc shows it. */
const afterDeathLimitMs = 2000
/** TimeoutStopSec of the template unit: systemd itself kills after this time if hal0 may not. */
const unitStopMs = 10_000
const killLimitMs = 10_000

/** Whether the process is still `hal0 slot-exec`, which has not become the backend yet; null if that is unknown. */
const isLauncher = async (pid: number): Promise<boolean | null> => {
  try {
    const words = await readFile(`/proc/${pid}/cmdline`, 'latin1')
    // Empty: in the middle of an exec, or a zombie. The next read will show which.
    return words === '' ? null : words.split('\0')[1] === 'slot-exec'
  } catch {
    return null
  }
}

export class Units {
  readonly #systemctl: Systemctl
  /** When the grace period of a stop under way ends, in terms of performance.now(), by unit. */
  readonly #killAt = new Map<string, number>()

  constructor(systemctl: Systemctl) {
    this.#systemctl = systemctl
  }

  /** @throws Hal0Error `supervisor.failed` */
  async show(unit: string): Promise<UnitState> {
    const answer = await this.#systemctl.run(['show', unit, `--property=${shownProperties.join(',')}`])
    if (answer.code !== 0) throw refusalOf(unit, 'look at', answer)
    // A cut-off answer would look like an inactive unit, and hal0 would forget a running backend.
    if (!/^ActiveState=./m.test(answer.stdout)) {
      throw refusalOf(unit, 'look at', { ...answer, stderr: 'its answer was cut off' })
    }
    return parseUnitState(answer.stdout)
  }

  /** @throws Hal0Error `supervisor.failed`, also when systemd could not execute the launcher (Type=exec) */
  async start(unit: string): Promise<void> {
    const answer = await this.#systemctl.run(['start', unit])
    if (answer.code === 0) return
    if (!/^job for .* failed/i.test(answer.stderr)) throw refusalOf(unit, 'start', answer)
    const { status, result } = await this.show(unit)
    throw new Hal0Error(
      'supervisor.failed',
      `systemd could not execute ${unit} (${result}, status ${status}). Run hal0 doctor; journalctl -u ${unit} says more.`,
      { details: { unit, result, status } },
    )
  }

  /**
   * Waits until the unit's main process is the backend, or has ended.
   * @throws Hal0Error `supervisor.failed`
   */
  async executed(unit: string): Promise<UnitState> {
    const until = performance.now() + executeLimitMs
    for (;;) {
      const state = await this.show(unit)
      const launching = state.mainPid > 0 ? await isLauncher(state.mainPid) : null
      if (launching === false || (state.mainPid === 0 && state.active !== 'activating')) return state
      if (performance.now() > until) {
        throw new Hal0Error(
          'supervisor.failed',
          `${unit} did not execute its program within ${executeLimitMs / 1000} s.`,
        )
      }
      // While it is still the launcher, polling /proc is a hundred times cheaper than asking systemctl again.
      while (launching === true && (await isLauncher(state.mainPid)) === true && performance.now() <= until) {
        await Bun.sleep(2)
      }
      if (launching === true && (await isLauncher(state.mainPid)) === false) return state
      await Bun.sleep(pollMs)
    }
  }

  /** The state of the unit after the start `invocation` has ended, once systemd has noticed. */
  async afterDeath(unit: string, invocation: string): Promise<UnitState> {
    const until = performance.now() + afterDeathLimitMs
    for (;;) {
      const state = await this.show(unit)
      const known = state.mainPid === 0 || (invocation !== '' && state.invocation !== invocation)
      if (known || performance.now() > until) return state
      await Bun.sleep(pollMs)
    }
  }

  /** Shortens the grace period of a stop under way. */
  hasten(unit: string, graceMs: number): void {
    const killAt = this.#killAt.get(unit)
    if (killAt !== undefined) this.#killAt.set(unit, Math.min(killAt, performance.now() + graceMs))
  }

  /**
   * Stops the unit: SIGTERM to all its processes, then SIGKILL once the grace period is over. Resolves when none is left; at once if
   * none runs.
   * @throws Hal0Error `supervisor.failed`, `slot.stop_failed`
   */
  async end(unit: string, graceMs: number): Promise<void> {
    if (isOver(await this.show(unit))) return
    const began = performance.now()
    this.#killAt.set(unit, began + graceMs)
    try {
      const answer = await this.#systemctl.run(['stop', '--no-block', unit])
      if (answer.code !== 0) throw refusalOf(unit, 'stop', answer)
      await this.#untilOver(unit, began + Math.max(graceMs, unitStopMs) + killLimitMs)
    } finally {
      this.#killAt.delete(unit)
    }
  }

  async #untilOver(unit: string, until: number): Promise<void> {
    let killed = false
    for (let wait = pollMs; ; wait = Math.min(100, wait * 1.5)) {
      const state = await this.show(unit)
      if (isOver(state)) return
      const now = performance.now()
      if (now > until) {
        throw new Hal0Error(
          'slot.stop_failed',
          `${unit} does not end, even when killed. It is waiting in the kernel, most likely for a device. If that does not end, only a reboot helps.`,
          { details: { unit, state: state.active } },
        )
      }
      const killAt = this.#killAt.get(unit) ?? 0
      if (now >= killAt && !killed) {
        killed = true
        await this.#kill(unit)
      } else {
        await Bun.sleep(killed ? wait : Math.min(wait, killAt - now))
      }
    }
  }

  /** The system's polkit rule lets hal0 start and stop, but not kill. Then the unit's TimeoutStopSec ends what ignores SIGTERM. */
  async #kill(unit: string): Promise<void> {
    const answer = await this.#systemctl.run(['kill', '--signal=SIGKILL', unit])
    if (answer.code !== 0) log.info(`systemd itself will kill ${unit} after its TimeoutStopSec (${answer.stderr})`)
  }
}
