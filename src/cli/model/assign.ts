import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { printJson, say, talk } from '../terminal/output.ts'
import { requireModel } from './require-model.ts'

export default defineVerb({
  about: 'Give a slot this model, from its next load on.',
  more: 'A backend that runs keeps its model until then; hal0 slot swap changes it at once.',
  examples: ['hal0 model assign qwen2.5-0.5b-instruct-q4_k_m --slot primary'],
  args: {
    model: { type: 'positional', required: true, description: 'Id of the model (hal0 model list)', completes: 'model' },
    slot: { type: 'string', required: true, valueHint: 'SLOT', description: 'Name of the slot', completes: 'slot' },
  },
  async run({ args: { model, slot: name, json } }) {
    await requireModel(model)
    const slot = await call('editSlot', { params: { name }, body: { model } })
    if (json) return printJson(slot)
    say(`${name} has ${model} from its next load on.`)
    const isLoaded = slot.state.state !== 'offline' && slot.state.state !== 'error'
    talk.log(`Load it with: hal0 slot ${isLoaded ? 'restart' : 'load'} ${name}`)
  },
})
