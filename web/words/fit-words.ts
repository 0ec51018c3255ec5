/** Whether a model fits, in words. Pure. */
import type { Fit } from '../../src/contract/models/fit.ts'
import { verdictWords } from '../../src/contract/models/verdict.ts'
import { bytes } from '../../src/lib/figures.ts'
import type { Mood } from './slot-words.ts'

export const fitWord = (fit: Fit | null): string => (fit === null ? 'unknown' : verdictWords[fit.verdict])

/** e.g. "needs 1.2 GB, 9.8 GB free" */
export const fitReason = (fit: Fit | null): string =>
  fit === null ? 'Nobody knows what it needs.' : `needs ${bytes(fit.needs.total)}, ${bytes(fit.have.free)} free`

export const fitMood = (fit: Fit | null): Mood =>
  fit === null ? 'off' : ({ fits: 'good', tight: 'busy', partial: 'busy', no: 'bad' } as const)[fit.verdict]
