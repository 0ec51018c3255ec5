/** A slot for the MODEL of `hal0 run`: one that has it, else a new one, with everything brought that is missing. */
import type { Slot } from '../../contract/slot-config.ts'
import { defaultProvider } from '../../providers/table.ts'
import { call } from '../api/client.ts'
import { canChat, kindOf, slotCalled } from '../chat/pick-slot.ts'
import { requireChat, standingOf } from '../chat/standing.ts'
import { untilPulled } from '../model/bring/await-pull.ts'
import { orderOffer, type PullOrder } from '../model/bring/from-catalog.ts'
import { orderOf, readModelName } from '../model/bring/from-hub.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { sayingWhatGoesOn } from '../terminal/interrupt.ts'
import { talk } from '../terminal/output.ts'
import { quoted } from '../values/shell-words.ts'
import { ensureEngine } from './ensure-engine.ts'
import { type KnownModels, knownWords, namedModel } from './named-model.ts'
import { requireFit, smallerModel } from './require-fit.ts'
import { slotNameFor } from './slot-name.ts'
import { unknownModel } from './unknown-model.ts'

export interface Wanted {
  /** MODEL as it was typed. */
  text: string
  /** Also what does not fit this machine. */
  anyway: boolean
  signal: AbortSignal
}

const readKnown = async (): Promise<KnownModels> => {
  const [slots, models, catalog] = await Promise.all([
    call('listSlots', {}),
    call('listModels', {}),
    call('listCatalog', {}),
  ])
  return { slots, models, catalog }
}

/** What can chat: slots, then models that are here, then the catalog's first. */
const chatty = ({ slots, models, catalog }: KnownModels): string[] => [
  ...slots.filter((slot) => canChat(slot, models)).map(({ config }) => config.name),
  ...models.filter(({ kind }) => kind === 'chat').map(({ id }) => id),
  ...catalog.filter(({ first }) => first === true).map(({ id }) => id),
]

/** Words that requests would take for something else. The model's own id may be the name of its slot. */
const namesTaken = (model: string, { slots, models, catalog }: KnownModels): Set<string> => {
  const others = { models: models.filter(({ id }) => id !== model), catalog: catalog.filter(({ id }) => id !== model) }
  return new Set(knownWords({ slots, ...others }))
}

/** Two commands may make a slot for one model at the same time: then one of them finds the other's. */
const attempts = 5

const makeSlot = async (model: string, provider: string): Promise<Slot> => {
  for (let attempt = 1; ; attempt++) {
    const known = await readKnown()
    const found = slotCalled(
      model,
      known.slots.filter(({ config }) => config.model === model),
    )
    if (found !== null) return found
    const name = slotNameFor(model, namesTaken(model, known))
    try {
      const slot = await call('createSlot', { body: { name, model, provider, load: 'on-demand' } })
      talk.log(`Slot ${name} is made for ${model}; requests load it on demand.`)
      return slot
    } catch (error) {
      if (!(error instanceof Failure) || error.body?.code !== 'slot.exists' || attempt === attempts) throw error
    }
  }
}

/** Fetches a model. @throws Failure when it does not come */
const pull = async ({ id, body, installed }: PullOrder, signal: AbortSignal): Promise<void> => {
  if (installed) return
  await sayingWhatGoesOn(
    () => call('pullModel', { params: { id }, body, signal, noTimeout: true }),
    () => [`If the daemon has begun to pull ${id}, it goes on. See: hal0 pulls`],
  )
  const { phase } = await untilPulled(id, true, signal)
  if (phase !== 'done') throw new Failure(exitCode.failed, `The pull of ${id} was cancelled.`)
}

/** `hal0 run` with a file of a repository, at a revision if one was named. */
const commandFor = (repo: string, revision: string | null) => (file: string) =>
  `hal0 run ${quoted(revision === null ? `${repo}/${file}` : `hf://${repo}@${revision}/${file}`)}`

const orderFromHub = async (text: string, signal: AbortSignal): Promise<PullOrder> => {
  const named = await readModelName(text, undefined, undefined)
  return await orderOf(named, commandFor(named.repo, named.revision), signal)
}

/** @throws Failure when it does not fit; warns when it is tight */
const checkFit = (name: string, fit: PullOrder['fit'], { catalog }: KnownModels, anyway: boolean): void => {
  const warning = requireFit(name, fit, smallerModel(catalog), anyway)
  if (warning !== null) talk.warn(warning)
}

/** Brings what is ordered, and makes a slot for it. */
const bring = async (order: PullOrder, known: KnownModels, provider: string, { anyway, signal }: Wanted) => {
  checkFit(order.id, order.fit, known, anyway)
  await ensureEngine(provider, signal)
  await pull(order, signal)
  const { kind } = await call('showModel', { params: { id: order.id } })
  requireChat(order.id, kind, chatty(known))
  return await makeSlot(order.id, provider)
}

/**
 * @throws Failure when there is no such model, it cannot chat, does not fit or does not come; the signal's reason once it aborted
 */
export const slotFor = async (wanted: Wanted): Promise<Slot> => {
  const { text, anyway, signal } = wanted
  const known = await readKnown()
  const named = namedModel(text, known)
  switch (named.kind) {
    case 'slot': {
      const { slot } = named
      requireChat(slot.config.name, kindOf(slot, known.models), chatty(known))
      // What cannot be loaded is refused before an engine is fetched for it.
      const standing = standingOf(slot, 'load-any')
      if (standing.kind === 'load' && slot.config.engine === null) await ensureEngine(slot.config.provider, signal)
      return slot
    }
    case 'model': {
      const { id, kind, fit } = named.model
      requireChat(id, kind, chatty(known))
      checkFit(id, fit, known, anyway)
      await ensureEngine(defaultProvider, signal)
      return await makeSlot(id, defaultProvider)
    }
    case 'catalog': {
      const { offer } = named
      requireChat(offer.id, offer.kind, chatty(known))
      return await bring(orderOffer(offer), known, offer.provider, wanted)
    }
    case 'hub':
      return await bring(await orderFromHub(text, signal), known, defaultProvider, wanted)
    case 'unknown':
      throw unknownModel(text, knownWords(known))
  }
}
