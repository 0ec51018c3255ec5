import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { removalFlags, remove } from '../removal.ts'
import { daemonOrLocalKeys } from './reach.ts'

export default defineVerb({
  about: 'Revoke a key: from then on nobody gets in by it, and its open streams end.',
  more: 'Works without a daemon too, unless HAL0_URL is set.',
  examples: ['hal0 key revoke phone'],
  args: {
    name: { type: 'positional', required: true, description: 'Name of the key (hal0 key list)' },
    ...removalFlags,
  },
  run: ({ args: { name, ...flags } }) => {
    const act = () =>
      daemonOrLocalKeys(
        () => call('revokeKey', { params: { name } }),
        (local) => local.revoke(name),
      )
    const question = async () => `Revoke the key ${name}? Whoever has it is locked out at once.`
    return remove({ name, key: 'name', question, act }, flags)
  },
})
