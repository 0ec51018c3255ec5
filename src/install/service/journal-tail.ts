import { apiUnit } from '../../system/systemd/hosting.ts'
import type { Layout } from '../layout.ts'
import type { Programs } from '../programs.ts'

/** The last lines that the API printed, oldest first, at most 10; empty if there is no journal to read. */
export const serviceTail = async ({ scope }: Layout, programs: Programs): Promise<string[]> => {
  const unit = scope === 'user' ? '--user-unit' : '--unit'
  const answer = await programs.ask('journalctl', [
    unit,
    apiUnit,
    '--lines=10',
    '--output=cat',
    '--no-pager',
    '--quiet',
  ])
  return answer?.code === 0 ? answer.stdout.split('\n').filter((line) => line !== '') : []
}
