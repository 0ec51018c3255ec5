import { didYouMean } from '../lib/text/did-you-mean.ts'
import { call } from './api/client.ts'
import { defineVerb } from './command.ts'
import { removeModel } from './model/rm.ts'
import { removalFlags, remove } from './removal.ts'
import { removeSlot } from './slot/rm.ts'
import { exitCode } from './terminal/exit-code.ts'
import { Failure, usageError } from './terminal/failure.ts'

export default defineVerb({
  about: 'Remove a slot or a model, whichever has this name.',
  more: 'Asks first on a terminal. A slot has to be offline, and a model that a slot refers to stays.',
  examples: ['hal0 rm primary', 'hal0 rm qwen2.5-0.5b-instruct-q4_k_m --force'],
  args: {
    name: {
      type: 'positional',
      required: true,
      description: 'Name of a slot, or id of a model',
      completes: 'slot or model',
    },
    ...removalFlags,
  },
  async run({ args: { name, ...flags } }) {
    const [slots, models] = await Promise.all([call('listSlots', {}), call('listModels', {})])
    const names = slots.map(({ config }) => config.name)
    const ids = models.map(({ id }) => id)
    if (names.includes(name) && ids.includes(name)) {
      throw usageError(
        `${name} is a slot and also a model: say which, with hal0 slot rm ${name} or hal0 model rm ${name}.`,
      )
    }
    if (names.includes(name)) return removeSlot(name, flags)
    if (ids.includes(name)) return removeModel(name, flags)
    const act = (): never => {
      const near = didYouMean(name, [...names, ...ids])
      throw new Failure(exitCode.notFound, `There is neither a slot nor a model named ${name}.${near}`, {
        hint: 'hal0 slot list\nhal0 model list',
      })
    }
    return remove({ name, key: 'name', question: null, act: async () => act() }, flags)
  },
})
