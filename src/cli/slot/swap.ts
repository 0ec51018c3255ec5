import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { orderOf, readModelName } from '../model/bring/from-hub.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure, usageError } from '../terminal/failure.ts'
import { quoted } from '../values/shell-words.ts'
import { nameArgument, runSlotCommand, waitFlag } from './shared/slot-command.ts'

const isHere = async (model: string): Promise<boolean> => {
  try {
    await call('showModel', { params: { id: model } })
    return true
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCode.notFound) return false
    throw error
  }
}

/** Where the model comes from. The hub is asked only if there is something left to choose: a local model needs no network. */
const sourceOf = async (slot: string, model: string, text: string, wanted: string | undefined) => {
  const named = await readModelName(text, wanted, undefined)
  const { repo, revision, file } = named
  const at = revision === null ? {} : { revision }
  if (file !== null && (!file.startsWith(':') || (await isHere(model)))) return { repo, file, ...at }
  const order = await orderOf(
    named,
    (path) => `hal0 slot swap ${slot} --model ${model} --repo ${repo} --file ${quoted(path)}`,
  )
  return order.body
}

export default defineVerb({
  about: 'Put another model into a slot and load it.',
  more: 'Ctrl-C stops the waiting, not the swap; the exit status is then 130.',
  examples: [
    'hal0 slot swap primary --model qwen2.5-0.5b-instruct-q4_k_m',
    'hal0 slot swap big --model gemma --repo OWNER/gemma-3-1b-it-GGUF --file :Q8_0',
  ],
  args: {
    name: nameArgument,
    model: {
      type: 'string',
      required: true,
      valueHint: 'MODEL',
      description: 'Id of the model (hal0 model list)',
      completes: 'model',
    },
    repo: {
      type: 'string',
      valueHint: 'OWNER/REPO',
      description: 'Where the model is at the hub, if it is not here yet: OWNER/NAME or an address',
    },
    file: { type: 'string', valueHint: 'FILE', description: 'File of that repository, or :LABEL' },
    ...waitFlag,
  },
  async run({ args: { name, model, repo, file, wait, json = false } }) {
    if (repo === undefined && file !== undefined) throw usageError('--file goes with --repo.')
    const source = repo === undefined ? {} : await sourceOf(name, model, repo, file)
    return runSlotCommand({
      name,
      wait,
      json,
      goal: { is: 'loaded', model },
      meanwhile: 'keeps loading',
      undo: `hal0 slot cancel ${name}`,
      send: (options) => call('swapSlot', { params: { name }, body: { model, ...source }, ...options }),
    })
  },
})
