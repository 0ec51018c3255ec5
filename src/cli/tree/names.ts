/** The names of what there is, for suggestions and for the shells' completion. */
import { call } from '../api/client.ts'

/** Suggestions are worth no longer wait, milliseconds. */
const patienceMs = 1000

export type NameKind = 'slot' | 'model' | 'engine' | 'pull'

const listings: Record<NameKind, (signal: AbortSignal) => Promise<string[]>> = {
  slot: async (signal) => (await call('listSlots', { signal })).map(({ config }) => config.name),
  model: async (signal) => (await call('listModels', { signal })).map(({ id }) => id),
  engine: async (signal) => (await call('listEngines', { signal })).map(({ id }) => id),
  pull: async (signal) => (await call('listPulls', { signal })).map(({ id }) => id),
}

/** The names of one kind; none when the daemon does not answer at once: without suggestions everything works, too. */
export const namesOf = (kind: NameKind): Promise<string[]> =>
  listings[kind](AbortSignal.timeout(patienceMs)).catch(() => [])
