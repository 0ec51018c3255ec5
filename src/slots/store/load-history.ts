/** How long earlier loads of a slot took, per model: used for the timing of probes and for "of about 30 s". */
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { log } from '../../lib/log.ts'
import { problemsOf } from '../../lib/validate.ts'
import { writeFileAtomic } from '../../system/files/atomic-file.ts'
import { readOwnText } from '../../system/files/own-file.ts'
import { type Paths, slotDir } from '../../system/paths.ts'

const History = Type.Record(Type.String(), Type.Array(Type.Number({ minimum: 0 }), { maxItems: 16 }))
type History = Static<typeof History>

const mostLoads = 5
const mostModels = 16

/** The median of the loads of `model`, milliseconds; null when there were none. */
export const expectedLoadMs = (history: History, model: string): number | null => {
  const sorted = [...(history[model] ?? [])].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}

/** `history` with one more load of `model`; old loads, and models that have not been loaded for long, are dropped. */
export const withLoad = (history: History, model: string, ms: number): History => {
  const { [model]: earlier = [], ...others } = history
  const kept = Object.entries(others).slice(-(mostModels - 1))
  return { ...Object.fromEntries(kept), [model]: [...earlier, Math.round(ms)].slice(-mostLoads) }
}

/** The store of the history. If it cannot be read or written, only the estimate is lost. */
export interface LoadHistory {
  read(name: string): Promise<History>
  write(name: string, history: History): Promise<void>
}

export const loadHistoryOnDisk = (paths: Paths): LoadHistory => {
  const file = (name: string) => join(slotDir(paths, name), 'loads.json')
  return {
    read: async (name) => {
      try {
        const text = await readOwnText(file(name), `read the load times of slot ${name}`)
        const history: unknown = JSON.parse(text ?? '{}')
        return problemsOf(History, history).length === 0 ? (history as History) : {}
      } catch (error) {
        log.warn(`the load times of slot ${name} are lost`, error)
        return {}
      }
    },
    write: async (name, history) => {
      await writeFileAtomic(file(name), JSON.stringify(history), `remember the load time of slot ${name}`)
    },
  }
}
