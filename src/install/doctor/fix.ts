/** `doctor --fix`: repeats the setup steps that change neither the version nor a running process. */
import { refusalOf } from '../../system/systemd/unit/systemctl.ts'
import type { Installation } from '../installation.ts'
import { type SetupTools, setupPlan } from '../setup-plan.ts'
import { applyAll, findPending, type StepReporter } from '../step.ts'
import { safeSteps } from './installation-checks.ts'

/** @returns whether the API's unit was rewritten: the API runs from the older one until it is restarted */
export const applyFixes = async (
  { layout, systemctl }: Installation,
  tools: SetupTools,
  reporter: StepReporter,
): Promise<{ needsRestart: boolean }> => {
  const pending = await findPending(setupPlan(layout, tools).filter(({ id }) => safeSteps.has(id)))
  await applyAll(pending, reporter)
  const fixed = new Set(pending.map(({ step: { id } }) => id))
  if (fixed.has('unit') || fixed.has('slot-unit')) {
    const answer = await systemctl.run(['daemon-reload'])
    if (answer.code !== 0) throw refusalOf('systemd', 'reload', answer)
  }
  return { needsRestart: fixed.has('unit') }
}
