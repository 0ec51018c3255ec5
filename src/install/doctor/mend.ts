/** `doctor --fix`: repeats the setup steps that change neither the version nor a running process. */
import { refusalOf } from '../../system/systemd/unit/systemctl.ts'
import type { Installation } from '../installation.ts'
import { type SetupTools, setupPlan } from '../setup-plan.ts'
import { applyAll, examine, type Telling } from '../step.ts'
import { safeSteps } from './judge.ts'

/** @returns whether the API's unit was rewritten: the API runs from the older one until it is restarted */
export const mend = async (
  { layout, systemctl }: Installation,
  tools: SetupTools,
  tell: Telling,
): Promise<{ needsRestart: boolean }> => {
  const pending = await examine(setupPlan(layout, tools).filter(({ id }) => safeSteps.has(id)))
  await applyAll(pending, tell)
  const mended = new Set(pending.map(({ step: { id } }) => id))
  if (mended.has('unit') || mended.has('slot-unit')) {
    const answer = await systemctl.run(['daemon-reload'])
    if (answer.code !== 0) throw refusalOf('systemd', 'reload', answer)
  }
  return { needsRestart: mended.has('unit') }
}
