import { call } from '../client.ts'
import { defineVerb } from '../command.ts'
import { nameArgument, runSlotCommand, waitFlag } from './slot-command.ts'

export default defineVerb({
  about: 'Put another model into a slot and load it.',
  more: 'Ctrl-C stops the waiting, not the swap; the exit status is then 130.',
  examples: [
    'hal0 slot swap primary --model qwen2.5-0.5b-instruct-q4_k_m',
    'hal0 slot swap primary --model qwen2.5-0.5b --repo Qwen/Qwen2.5-0.5B-Instruct-GGUF --file :Q4_K_M',
  ],
  args: {
    name: nameArgument,
    model: { type: 'string', required: true, valueHint: 'MODEL', description: 'Id of the model (hal0 model list)' },
    repo: {
      type: 'string',
      valueHint: 'OWNER/REPO',
      description: 'Where at the hub the model is, when it is not here yet',
    },
    file: { type: 'string', valueHint: 'FILE', description: 'File of that repository, or :QUANT' },
    ...waitFlag,
  },
  run: ({ args: { name, model, repo, file, wait, json = false } }) =>
    runSlotCommand({
      name,
      wait,
      json,
      meanwhile: 'keeps loading',
      undo: `hal0 slot cancel ${name}`,
      send: (options) =>
        call('swapSlot', {
          params: { name },
          body: { model, ...(repo === undefined ? {} : { repo }), ...(file === undefined ? {} : { file }) },
          ...options,
        }),
    }),
})
