/**
 * The first model of `npm start`: one that is here, else the catalog's first one from the hub, else the starter from the package index.
 * The hub's comes first although it is four times as large: the starter answers with words, but often with wrong ones, and a first
 * answer is what people judge by.
 */
import type { ErrorBody } from '../../src/contract/error.ts'
import type { CatalogEntry } from '../../src/contract/models/catalog.ts'
import type { ModelEntry } from '../../src/contract/models/model.ts'
import type { Slot } from '../../src/contract/slot-config.ts'
import { catalogEntries } from '../../src/models/catalog/catalog.ts'
import { cwd, env, hal0, json, run, say } from './hal0.ts'

/** How long the hub may take to say whether it has the first model, milliseconds. */
const hubPatienceMs = 10_000

const first = catalogEntries.find((entry) => entry.first) as CatalogEntry
const starter = catalogEntries.find(({ pin, kind }) => pin !== undefined && kind === 'chat') as CatalogEntry

/** Why the hub cannot give a model now, as a sentence; null: it can. */
const hubProblem = async (url: string): Promise<string | null> => {
  try {
    const answer = await fetch(`${url}/api/hub/models/${first.repo}`, { signal: AbortSignal.timeout(hubPatienceMs) })
    return answer.ok ? null : ((await answer.json()) as { error: ErrorBody }).error.message
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    return `The Hugging Face Hub did not answer within ${hubPatienceMs / 1000} s.`
  }
}

/** @returns the id of the model; null if it did not come, which was said */
const pull = async ({ id }: CatalogEntry): Promise<string | null> => {
  const child = Bun.spawn([hal0, 'model', 'pull', id], {
    cwd,
    env,
    // What comes next is said below, and the pull's own advice is not for here.
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return (await child.exited) === 0 ? id : null
}

const sized = ({ name, size, licence }: CatalogEntry, from: string): string =>
  `First model: ${name}, ${Math.round(size / 1e6)} MB from ${from} (${licence}). It is fetched once.`

/** @returns the id of the model; null if there is none, which was said */
const pullFirst = async (url: string, stopped: () => boolean): Promise<string | null> => {
  const problem = await hubProblem(url)
  if (stopped()) return null
  if (problem === null) {
    say(sized(first, first.repo))
    const pulled = await pull(first)
    if (pulled !== null || stopped()) return pulled
  } else say(`No model from the Hugging Face Hub: ${problem}`)
  say(sized(starter, 'the Python package index'))
  say('It is very small and often wrong: a first sign of life, until you have pulled a better one.')
  const pulled = await pull(starter)
  if (pulled !== null || stopped()) return pulled
  say()
  say('So there is no model yet, and nothing answers. hal0 itself runs. When one of these two can be reached:')
  say(`  hal0 run ${first.id}`)
  say(`  hal0 run ${starter.id}`)
  say('A GGUF file that you have goes in with: hal0 model import FILE.gguf')
  return null
}

/** The model that answers first: an installed one that chats, else what can be pulled. */
const findModel = async (url: string, stopped: () => boolean): Promise<string | null> => {
  const models = await json<ModelEntry[]>('model', 'list')
  return models.find(({ kind }) => kind === 'chat')?.id ?? (await pullFirst(url, stopped))
}

/**
 * Puts a first model into slot primary, unless that has one.
 * @param url of the daemon
 * @param stopped whether everything should end
 * @returns whether a slot has a model
 */
export const ensureModel = async (url: string, stopped: () => boolean): Promise<boolean> => {
  const slots = await json<Slot[]>('slot', 'list')
  const primary = slots.find(({ config }) => config.name === 'primary')
  if (primary !== undefined && primary.config.model !== null) return true
  const model = await findModel(url, stopped)
  if (model === null || stopped()) return false
  const told =
    primary === undefined
      ? ['create', 'primary', '--model', model, '--load', 'on-demand']
      : ['edit', 'primary', '--set', `model=${model}`]
  await run([hal0, 'slot', ...told], 'The setting up of slot primary')
  return true
}
