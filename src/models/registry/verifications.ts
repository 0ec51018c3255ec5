/** All verifications under way, at most one for each model. */
import type { ModelEntry, ModelVerification, VerificationProgress } from '../../contract/models/model.ts'
import { Bus } from '../../lib/async/bus.ts'
import type { Clock } from '../../lib/clock.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { Verification } from '../verify/verification.ts'
import type { VerificationNews } from './registry-port.ts'

export class Verifications {
  /** Events of each verification: its start, its progress at most four times a second and a last time, and its end. */
  readonly changed = new Bus<VerificationNews>()
  readonly #folder: string
  readonly #clock: Clock
  readonly #underWay = new Map<string, Verification>()

  /** @param folder the models folder */
  constructor(folder: string, clock: Clock) {
    this.#folder = folder
    this.#clock = clock
  }

  /**
   * Starts the verification of a model, or joins one under way. It ends early when all its clients have left.
   * @throws Hal0Error `model.verify_stopped`, `model.not_found` if the model is removed in the meantime
   */
  verify(entry: ModelEntry, client?: AbortSignal): Promise<ModelVerification> {
    return (this.#underWay.get(entry.id) ?? this.#begin(entry)).join(client)
  }

  /** The progress of a model's verification; null if none is under way. */
  progress(id: string): VerificationProgress | null {
    return this.#underWay.get(id)?.progress ?? null
  }

  /** The model is gone: nothing more will be reported about it. */
  forget(id: string): void {
    const removed = `The model ${id} was removed while it was being verified.`
    const underWay = this.#underWay.get(id)
    if (underWay !== undefined) underWay.stop(new Hal0Error('model.not_found', removed, { details: { id } }))
    else this.changed.publish({ id, progress: null })
  }

  /** Ends them all. */
  close(): void {
    for (const [id, verification] of this.#underWay) {
      const why = `hal0 is stopping, and the verification of ${id} with it. Verify again once hal0 is back; nothing was changed.`
      verification.stop(new Hal0Error('model.verify_stopped', why, { details: { id } }))
    }
  }

  #begin(entry: ModelEntry): Verification {
    const { id } = entry
    const verification = new Verification(entry, {
      folder: this.#folder,
      clock: this.#clock,
      report: (progress) => this.changed.publish({ id, progress }),
      ended: () => {
        this.#underWay.delete(id)
        this.changed.publish({ id, progress: null })
      },
    })
    this.#underWay.set(id, verification)
    this.changed.publish({ id, progress: verification.progress })
    return verification
  }
}
