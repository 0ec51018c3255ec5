/** The first model of `npm start`: a small real one from the hub, or the plumbing check. */
import { join } from 'node:path'
import type { ErrorBody } from '../../src/contract/error.ts'
import type { CatalogEntry } from '../../src/contract/models/catalog.ts'
import type { ModelEntry } from '../../src/contract/models/model.ts'
import type { Slot } from '../../src/contract/slot-config.ts'
import { writePlumbingModel } from '../plumbing/plumbing-model.ts'
import { data, env, Failed, hal0, json, root, run, say } from './hal0.ts'

/** Id of the model with random weights. */
export const plumbing = 'plumbing-check'
/** How long the hub may take to say whether it has the first model, milliseconds. */
const hubPatienceMs = 20_000

/** The catalog's first model if the hub can provide it now; otherwise why not. */
const firstModel = async (url: string): Promise<CatalogEntry | string> => {
  const catalog = (await (await fetch(`${url}/api/catalog`)).json()) as CatalogEntry[]
  const first = catalog.find((entry) => entry.first)
  if (first === undefined) throw new Failed('The catalog has no first model.')
  try {
    const answer = await fetch(`${url}/api/hub/models/${first.repo}`, { signal: AbortSignal.timeout(hubPatienceMs) })
    if (answer.ok) return first
    return ((await answer.json()) as { error: ErrorBody }).error.message
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    return `The hub did not answer within ${hubPatienceMs / 1000} s.`
  }
}

/** @returns the id of the model; null if it is not available now, which was said */
const pullFirst = async (url: string, stopped: () => boolean): Promise<string | null> => {
  const first = await firstModel(url)
  if (typeof first === 'string') {
    say(`A small real model would now be fetched from the Hugging Face Hub, but: ${first}`)
    return null
  }
  const { id, name, size, repo, file, licence } = first
  say(`First model: ${name}, ${Math.round(size / 1e6)} MB from ${repo} (${licence}).`)
  say('It is fetched once and kept; after Ctrl-C the next npm start continues. npm start -- --demo does without it.')
  const child = Bun.spawn([hal0, 'model', 'pull', repo, '--file', file, '--id', id], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if ((await child.exited) === 0) return id
  if (!stopped()) say('The first model did not come; see above for the reason.')
  return null
}

const writePlumbing = async (): Promise<string> => {
  say('So a tiny model with random weights is written. It is a plumbing check: it proves that everything works from')
  say('the request to the engine and back, and its answers are gibberish.')
  const file = join(data, `${plumbing}.gguf`)
  await writePlumbingModel(file, { seed: 1, kind: 'chat' })
  await run([hal0, 'model', 'import', file, '--id', plumbing], 'The import of the plumbing check')
  return plumbing
}

/**
 * Puts a first model into a first slot, unless there already is a model other than the plumbing check.
 * @param url of the daemon
 * @param demo whether the plumbing check is enough
 * @param stopped whether everything should end
 */
export const ensureModel = async (url: string, demo: boolean, stopped: () => boolean): Promise<void> => {
  const models = await json<ModelEntry[]>('model', 'list')
  const onlyPlumbing = models.length === 1 && models[0]?.id === plumbing
  if (models.length > 0 && (!onlyPlumbing || demo)) return
  const pulled = demo ? null : await pullFirst(url, stopped)
  if (stopped()) return
  if (pulled === null && onlyPlumbing) return
  const model = pulled ?? (await writePlumbing())
  const slots = await json<Slot[]>('slot', 'list')
  const primary = slots.find(({ config }) => config.name === 'primary')
  const told = primary === undefined ? ['create', 'primary', '--load', 'on-demand'] : ['edit', 'primary']
  if (primary === undefined || primary.config.model === plumbing) {
    const given = primary === undefined ? ['--model', model] : ['--set', `model=${model}`]
    await run([hal0, 'slot', ...told, ...given], 'The setting up of slot primary')
  }
}
