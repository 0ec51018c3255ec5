/** What the phases of a pull mean. Without a schema, so that the dashboard carries none for it. */
import type { PullFigures } from '../slot.ts'

/** Whether a pull is waiting or running; otherwise it has ended. */
export const isUnderWay = ({ phase }: Pick<PullFigures, 'phase'>): boolean =>
  phase === 'resolving' || phase === 'downloading' || phase === 'verifying'
