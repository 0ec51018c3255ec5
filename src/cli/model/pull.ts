import type { HubRepository } from '../../contract/pull.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { type HubReference, parseHubReference } from '../../lib/hub-reference.ts'
import { call } from '../client.ts'
import { defineVerb } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { Failure, usageError } from '../failure.ts'
import { catchInterrupt, Interrupted } from '../interrupt.ts'
import { print, printJson, talk } from '../output.ts'
import { bytes } from '../units.ts'
import { followPull } from './follow-pull.ts'
import { fromCatalog, type PullOrder } from './from-catalog.ts'

type Offer = HubRepository['models'][number]

/** What is taken when nothing is asked for, as llama.cpp chooses. */
const preferred = ['Q4_K_M', 'Q8_0']

/** @param selector `:QUANT`, a file, or null for what is usual */
const choose = ({ models, repo }: HubRepository, selector: string | null): Offer => {
  const byQuantization = (name: string) => models.find((model) => model.quantization === name)
  const isTag = selector?.startsWith(':') === true && selector !== ':latest'
  const usual = () => preferred.map(byQuantization).find((model) => model !== undefined) ?? models[0]
  const named = () =>
    isTag ? byQuantization(selector.slice(1).toUpperCase()) : models.find((model) => model.file === selector)
  const chosen = selector === null || selector === ':latest' ? usual() : named()
  if (chosen !== undefined) return chosen
  if (models.length === 0) throw new Failure(exitCode.notFound, `${repo} has no GGUF model that is whole.`)
  const offers = models.map((model) => model.file).join(', ')
  throw new Failure(exitCode.notFound, `${repo} has no ${selector}. There is: ${offers}.`)
}

/** @throws Failure wrong usage */
const parse = (text: string): HubReference => {
  try {
    return parseHubReference(text)
  } catch (error) {
    throw usageError(Hal0Error.from(error).message)
  }
}

/** @throws Failure wrong usage, or there is no such repository, revision or file */
const fromHub = async (text: string, file: string | undefined, revision: string | undefined): Promise<PullOrder> => {
  const reference = parse(text)
  const { repo, selector } = reference
  const [owner = '', name = ''] = repo.split('/')
  const at = revision ?? reference.revision
  const repository = await call('showHubRepository', {
    params: { owner, repo: name },
    query: at === null ? {} : { revision: at },
    patient: true,
  })
  const offer = choose(repository, file ?? selector)
  const body = { repo, file: offer.file, ...(at === null ? {} : { revision: at }) }
  return { id: offer.id, body, size: offer.size }
}

export default defineVerb({
  about: 'Fetch a model from the Hugging Face Hub: verified, resumed, registered.',
  more: `Without --file or a quantisation Q4_K_M is taken. Ctrl-C leaves the pull running in the daemon; --watch joins it again.
The catalog's ids are shown by hal0 model search --catalog.
For gated and private repositories the daemon needs a token: hal0 config token`,
  examples: [
    'hal0 model pull Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M',
    'hal0 model pull Qwen/Qwen2.5-0.5B-Instruct-GGUF --file qwen2.5-0.5b-instruct-q8_0.gguf',
    'hal0 model pull qwen3-4b-instruct-2507-q4_k_m',
    'hal0 model pull --watch qwen2.5-0.5b-instruct-q8_0',
    'hal0 model pull --cancel qwen2.5-0.5b-instruct-q8_0 --discard',
  ],
  args: {
    model: {
      type: 'positional',
      required: true,
      description:
        'OWNER/REPO, OWNER/REPO:QUANT, an address of the hub or an id of the catalog; with --watch and --cancel an id',
    },
    file: { type: 'string', valueHint: 'FILE', description: 'File of the repository; of a sharded model its first' },
    id: { type: 'string', valueHint: 'ID', description: "Id in the registry; by default from the file's name" },
    revision: { type: 'string', valueHint: 'REV', description: 'Branch, tag or commit; main by default' },
    mmproj: { type: 'boolean', description: 'Bring the vision projector along' },
    watch: { type: 'boolean', description: 'Join a pull that is under way' },
    cancel: { type: 'boolean', description: 'Cancel a pull; what was received is kept' },
    discard: { type: 'boolean', description: 'With --cancel: remove what was received' },
    wait: { type: 'boolean', default: true, negativeDescription: 'Return as soon as the pull has begun' },
  },
  async run({ args: { model, file, id, revision, mmproj, watch, cancel, discard, wait, json } }) {
    if (cancel === true) {
      const pull = await call('cancelPull', { params: { id: model }, query: discard === true ? { discard } : {} })
      if (json) printJson(pull)
      else
        print(
          `${model} is cancelled${discard === true ? ', and what was received is gone.' : '; what was received is kept.'}`,
        )
      return exitCode.done
    }
    if (discard === true) throw usageError('--discard goes with --cancel.')
    let wanted = model
    if (watch !== true) {
      const isId = !model.includes('/') && file === undefined && revision === undefined
      const order = (isId ? await fromCatalog(model) : null) ?? (await fromHub(model, file, revision))
      wanted = id ?? order.id
      const body = mmproj === true ? { ...order.body, mmproj } : order.body
      await call('pullModel', { params: { id: wanted }, body })
      talk.log(`Pulling ${body.file} (${bytes(order.size)}) as ${wanted}.`)
      if (wait === false) return exitCode.done
    }
    using interrupt = catchInterrupt()
    try {
      const pull = await followPull(wanted, interrupt.signal)
      if (json) printJson(pull)
      else if (pull.phase === 'cancelled') print(`The pull of ${wanted} was cancelled.`)
      else print(`${wanted} is here, verified. Put it into a slot with: hal0 slot create NAME --model ${wanted}`)
      return pull.phase === 'done' ? exitCode.done : exitCode.failed
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      talk.log(
        `${wanted} keeps being pulled by the daemon. See how it gets along with: hal0 model pull --watch ${wanted}`,
      )
      talk.log(`Cancel it with: hal0 model pull --cancel ${wanted}`)
      return exitCode.interrupted
    }
  },
})
