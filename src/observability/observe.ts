/** Puts together what watches requests, slots and pulls. */
import type { DecisionRecorder } from '../dispatch/decisions/decision-log.ts'
import { type Paths, slotCapturesDir } from '../system/paths.ts'
import { CaptureStore } from './capture/capture-store.ts'
import type { ActivityLog } from './log/activity-log.ts'
import { Metrics, type MetricsDeps } from './metrics/metrics.ts'
import { Explainer, type ExplainerDeps, type WhyService } from './why/explainer.ts'

export interface Observers {
  recorder: DecisionRecorder
  why: WhyService
  metrics: Pick<Metrics, 'text'>
  captures: CaptureStore
}

interface Watched extends Omit<MetricsDeps, 'slots' | 'droppedRows' | 'usedKeys'> {
  slots: MetricsDeps['slots'] & ExplainerDeps['slots']
  paths: Paths
  /** What counts the tokens of each key. */
  keys: DecisionRecorder & { used: MetricsDeps['usedKeys'] }
}

/** Call it before the slots are opened, so that it sees their first transitions. */
export const observe = (log: ActivityLog, { slots, paths, keys, ...rest }: Watched): Observers => {
  const metrics = new Metrics({ ...rest, slots, usedKeys: () => keys.used(), droppedRows: () => log.dropped })
  const captures = new CaptureStore((slot) => slotCapturesDir(paths, slot))
  slots.signals.subscribe((signal) => {
    metrics.hear(signal)
    if (signal.kind === 'uncaptured') captures.forget(signal.name)
    else if (signal.kind === 'deleted') captures.dropped(signal.name)
  })
  return {
    recorder: {
      record(decision) {
        metrics.observe(decision)
        keys.record(decision)
        log.record(decision)
      },
    },
    why: new Explainer({ log, slots }),
    metrics,
    captures,
  }
}
