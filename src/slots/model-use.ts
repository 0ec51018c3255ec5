/** Which models the slots' backends run, to decide whether their files may be removed. */
import type { SlotRecord } from '../contract/slot.ts'
import { Bus } from '../lib/async/bus.ts'
import type { ModelUse } from '../models/registry/retired-models.ts'
import type { SlotManager } from './manager.ts'

export const modelUse = (slots: Pick<SlotManager, 'running' | 'signals'>): ModelUse => {
  const freed = new Bus<string>()
  slots.signals.subscribe((signal) => {
    if (signal.kind === 'deleted') freed.publish(signal.name)
    else if (signal.kind === 'record') {
      const { state } = JSON.parse(signal.json) as SlotRecord
      if (state === 'offline' || state === 'error') freed.publish(signal.name)
    }
  })
  return {
    runners: (ids) =>
      slots.running().flatMap(({ name, models }) => (models.some((id) => ids.includes(id)) ? [name] : [])),
    freed,
  }
}
