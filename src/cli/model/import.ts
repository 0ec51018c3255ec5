import { resolve } from 'node:path'
import { bytes, totalSize } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { printJson, say, talk } from '../terminal/output.ts'

export default defineVerb({
  about: "Register a GGUF file that is on the server's disk.",
  more: 'Of a sharded model, name the first shard. FILE is looked up by the daemon: over the network it is a path on the server.',
  examples: [
    'hal0 model import ./qwen2.5-0.5b-instruct-q4_k_m.gguf',
    'hal0 model import /data/big.gguf --id big --link',
  ],
  args: {
    file: { type: 'positional', required: true, description: 'Path of the file' },
    id: { type: 'string', valueHint: 'ID', description: "Id in the registry; by default from the file's name" },
    link: { type: 'boolean', description: 'Refer to the file where it lies instead of copying it' },
  },
  async run({ args: { file, id, link, json } }) {
    const model = await call('importModel', {
      body: { path: resolve(file), ...(id === undefined ? {} : { id }), ...(link === true ? { link } : {}) },
      noTimeout: true,
    })
    if (json) return printJson(model)
    say(
      `${model.id} is registered (${[model.architecture, model.quantization, bytes(totalSize(model.files))].filter(Boolean).join(', ')}).`,
    )
    talk.log(`Put it into a slot with: hal0 slot create NAME --model ${model.id}`)
  },
})
