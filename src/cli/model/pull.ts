import { isPackagePull } from '../../contract/models/pull-place.ts'
import { bytes } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { usageError } from '../terminal/failure.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { awaitPull } from './bring/await-pull.ts'
import { fromCatalog } from './bring/from-catalog.ts'
import { fromHub } from './bring/from-hub.ts'

export default defineVerb({
  about: 'Fetch a model from the Hugging Face Hub: verified, resumed, registered.',
  more: `Without --file or a label Q4_K_M is taken, else Q8_0, else the first. Where several files have the label, you are asked. Ctrl-C leaves the pull running in the daemon; --watch joins it again.
hal0 model search --catalog lists the ids of the catalog.
For gated and private repositories the daemon needs a token: hal0 config token`,
  examples: [
    'hal0 model pull Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M',
    'hal0 model pull Qwen/Qwen2.5-0.5B-Instruct-GGUF --file qwen2.5-0.5b-instruct-q8_0.gguf',
    'hal0 model pull qwen3-4b-instruct-2507-q4_k_m',
    'hal0 model pull Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q8_0 --id qwen --replace',
    'hal0 model pull --watch qwen2.5-0.5b-instruct-q8_0',
    'hal0 model pull --cancel qwen2.5-0.5b-instruct-q8_0 --discard',
  ],
  args: {
    model: {
      type: 'positional',
      required: true,
      description:
        'OWNER/REPO, OWNER/REPO:LABEL, an address of the hub or an id of the catalog; with --watch and --cancel an id',
    },
    file: {
      type: 'string',
      valueHint: 'FILE',
      description: 'File of the repository; of a sharded model any; or :LABEL',
    },
    id: { type: 'string', valueHint: 'ID', description: "Id in the registry; by default from the file's name" },
    revision: { type: 'string', valueHint: 'REV', description: 'Branch, tag or commit; main by default' },
    mmproj: { type: 'boolean', description: 'Also fetch the vision projector' },
    replace: {
      type: 'boolean',
      description: 'If the id names another model: replace that one once this one is verified',
    },
    watch: { type: 'boolean', description: 'Join a pull that is under way' },
    cancel: { type: 'boolean', description: 'Cancel a pull; what was received is kept' },
    discard: { type: 'boolean', description: 'With --cancel: remove what was received' },
    wait: { type: 'boolean', default: true, negativeDescription: 'Return as soon as the pull has begun' },
  },
  async run({ args: { model, file, id, revision, mmproj, replace, watch, cancel, discard, wait, json } }) {
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
      if (mmproj === true && isPackagePull(order.body)) throw usageError(`${model} has no vision projector.`)
      const body = {
        ...order.body,
        ...(mmproj === true ? { mmproj } : {}),
        ...(replace === true ? { replace } : {}),
      }
      const pull = await call('pullModel', { params: { id: wanted }, body, noTimeout: true })
      talk.log(`Pulling ${body.file} (${bytes(order.size)}) as ${wanted}.`)
      if (wait === false) {
        if (json) printJson(pull)
        return exitCode.done
      }
    }
    const slot = `hal0 slot create NAME --model ${wanted}`
    return awaitPull(wanted, {
      json: json === true,
      wasThere: watch !== true,
      done: `${wanted} is here and verified. Put it into a slot with: ${slot}`,
    })
  },
})
