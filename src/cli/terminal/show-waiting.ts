import { duration } from '../../lib/figures.ts'
import { StatusLine } from './status-line.ts'

const showEveryMs = 250
/** What takes less than this is not worth a line. */
const patienceMs = 1500

/**
 * Shows what is waited for, and for how long, while `work` runs.
 * @param what e.g. `asking the hub about acme/tiny`
 * @throws what `work` throws
 */
export const showWaiting = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const line = new StatusLine()
  const began = performance.now()
  const timer = setInterval(() => {
    const waited = performance.now() - began
    if (waited >= patienceMs) line.show(what, `${what} — ${duration(waited / 1000)}`)
  }, showEveryMs)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    line.clear()
  }
}
