/** A plan is an ordered list of steps. Each step knows what it would change, and can do it. */
import { Hal0Error } from '../lib/hal0-error.ts'

export interface Step {
  id: string
  /**
   * What `apply` would change, in words without a full stop; empty when everything is as it should be. Changes nothing.
   * @param pending ids of the steps before this one that have something to change
   * @throws Hal0Error `install.refused` for what only a person can decide
   */
  changes(pending: ReadonlySet<string>): Promise<string[]>
  /** @throws Hal0Error */
  apply(): Promise<void>
  /** What is missing when this step fails, if the rest is useful without it; absent: nothing works without it. */
  withoutIt?: string
}

export interface Pending {
  step: Step
  changes: string[]
}

/** The steps that have something to change, in order. */
export const findPending = async (steps: readonly Step[]): Promise<Pending[]> => {
  const pending: Pending[] = []
  for (const step of steps) {
    const changes = await step.changes(new Set(pending.map(({ step: { id } }) => id)))
    if (changes.length > 0) pending.push({ step, changes })
  }
  return pending
}

/** Told before each step is carried out, and about each optional step that failed. */
export interface StepReporter {
  begins(pending: Pending): void
  warns(sentence: string): void
}

/**
 * Carries out the pending steps in order, and checks that each took effect.
 * @throws Hal0Error of the first mandatory step that failed
 */
export const applyAll = async (pending: readonly Pending[], reporter: StepReporter): Promise<void> => {
  for (const one of pending) {
    reporter.begins(one)
    const { step } = one
    try {
      await step.apply()
      const left = await step.changes(new Set())
      if (left.length > 0) {
        throw new Hal0Error(
          'install.failed',
          `These changes had no effect, for a reason that hal0 does not know: ${left.join('; ')}. Do it by hand, then run the same command again.`,
          { details: { step: step.id, left } },
        )
      }
    } catch (error) {
      if (step.withoutIt === undefined || !(error instanceof Hal0Error)) throw error
      reporter.warns(`${error.message} ${step.withoutIt}`)
    }
  }
}
