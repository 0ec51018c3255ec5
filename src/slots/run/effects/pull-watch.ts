/** Pulls the model of one slot, and reports the outcome. */
import type { Pull } from '../../../contract/models/pull.ts'
import { isUnderWay } from '../../../contract/models/pull-phase.ts'
import type { PullFigures } from '../../../contract/slot.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import type { ModelBringer } from '../../../models/pull/pull-port.ts'
import type { Effect, Input } from '../../machine/machine.ts'

type PullEffect = Extract<Effect, { do: 'pull' | 'cancel-pull' }>

export class PullWatch {
  readonly #slot: string
  readonly #pulls: ModelBringer
  readonly #report: (input: Input) => void
  #end: (() => void) | null = null

  constructor(slot: string, pulls: ModelBringer, report: (input: Input) => void) {
    this.#slot = slot
    this.#pulls = pulls
    this.#report = report
  }

  run(effect: PullEffect): void {
    if (effect.do === 'pull') this.#bring(effect.attempt, effect.model)
    else this.#leave(effect.model)
  }

  /** The progress of a model's pull; null before there is one. */
  figures(model: string | null): PullFigures | null {
    const pull = model === null ? null : this.#pulls.find(model)
    if (pull === null) return null
    const { bytes_total, bytes_received, throughput_bps, elapsed_s, eta_s, file, phase } = pull
    return { bytes_total, bytes_received, throughput_bps, elapsed_s, eta_s, file, phase }
  }

  /** Stops watching; the pull continues. */
  close(): void {
    this.#end?.()
    this.#end = null
  }

  #bring(attempt: number, model: string): void {
    this.close()
    try {
      this.#end = this.#pulls.changed.subscribe((pull) => {
        if (pull.id === model) this.#look(attempt, pull)
      })
      this.#look(attempt, this.#pulls.bring(model, this.#slot))
    } catch (error) {
      this.close()
      this.#report({ kind: 'pull-failed', attempt, error: Hal0Error.from(error) })
    }
  }

  #look(attempt: number, pull: Pull): void {
    if (isUnderWay(pull)) return
    const { phase, error, id } = pull
    this.close()
    if (phase === 'done') this.#report({ kind: 'pulled', attempt })
    else if (phase === 'cancelled') this.#report({ kind: 'pull-cancelled', attempt })
    else {
      const failure =
        error === null
          ? new Hal0Error('pull.network', `The pull of ${id} failed. Try again.`)
          : Hal0Error.fromBody(error)
      this.#report({ kind: 'pull-failed', attempt, error: failure })
    }
  }

  #leave(model: string): void {
    this.close()
    this.#pulls
      .leave(model, this.#slot)
      .catch((error) => log.warn(`the pull of ${model} could not be cancelled`, error))
  }
}
