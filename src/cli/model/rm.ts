import { bytes, totalSize } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { type RemovalFlags, removalFlags, remove } from '../removal.ts'
import type { ExitCode } from '../terminal/exit-code.ts'

/** @throws Failure as `call` does */
export const removeModel = (id: string, flags: RemovalFlags): Promise<ExitCode> =>
  remove(
    {
      name: id,
      key: 'id',
      question: async () => {
        const { files } = await call('showModel', { params: { id } })
        return `Remove the model ${id} with its files (${bytes(totalSize(files))})?`
      },
      act: () => call('deleteModel', { params: { id }, noTimeout: true }),
    },
    flags,
  )

export default defineVerb({
  about: 'Remove a model with its files; of a linked one only the link.',
  more: 'Asks first on a terminal. A model that a slot refers to stays.',
  examples: ['hal0 model rm qwen2.5-0.5b-instruct-q4_k_m', 'hal0 model rm qwen2.5-0.5b-instruct-q4_k_m --force'],
  args: {
    id: { type: 'positional', required: true, description: 'Id of the model', completes: 'model' },
    ...removalFlags,
  },
  run: ({ args: { id, ...flags } }) => removeModel(id, flags),
})
