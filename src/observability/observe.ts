/** Puts together what watches requests, slots and pulls. */
import type { DecisionRecorder } from '../dispatch/decisions/decision-log.ts'
import type { ActivityLog } from './log/activity-log.ts'
import { Metrics, type MetricsDeps } from './metrics/metrics.ts'
import { Explainer, type ExplainerDeps, type WhyService } from './why/explainer.ts'

export interface Observers {
  recorder: DecisionRecorder
  why: WhyService
  metrics: Pick<Metrics, 'text'>
}

interface Watched extends Omit<MetricsDeps, 'slots' | 'droppedRows'> {
  slots: MetricsDeps['slots'] & ExplainerDeps['slots']
}

/** Call it before the slots are opened, so that it sees their first transitions. */
export const observe = (log: ActivityLog, { slots, ...rest }: Watched): Observers => {
  const metrics = new Metrics({ ...rest, slots, droppedRows: () => log.dropped })
  slots.signals.subscribe((signal) => metrics.hear(signal))
  return {
    recorder: {
      record(decision) {
        metrics.observe(decision)
        log.record(decision)
      },
    },
    why: new Explainer({ log, slots }),
    metrics,
  }
}
