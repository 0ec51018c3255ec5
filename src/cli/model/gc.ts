import type { PullLeftover } from '../../contract/models/pull.ts'
import { bytes } from '../../lib/figures.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { printJson, say, talk } from '../terminal/output.ts'

const kinds = {
  pull: 'left by a pull',
  record: 'the record of a pull that cannot be used',
  replaced: 'files of a model that was replaced',
  orphan: 'no model has this file',
} as const satisfies Record<PullLeftover['kind'], string>

const inUse = { ...kinds, pull: 'being pulled', replaced: 'was replaced; a slot still runs it' } as const

export default defineVerb({
  about:
    'List files on the disk that belong to no model: left by pulls, by replaced models, or lost. --clear removes them.',
  examples: ['hal0 model gc', 'hal0 model gc --clear'],
  args: { clear: { type: 'boolean', description: 'Remove those that no pull and no slot is using' } },
  async run({ args: { clear, json } }) {
    const leftovers = await call(clear === true ? 'clearPullLeftovers' : 'listPullLeftovers', {})
    if (json) return printJson(leftovers)
    if (leftovers.length === 0) talk.log('Nothing is left over.')
    for (const { id, kind, bytes: size, active } of leftovers) {
      const what = clear === true ? 'removed' : active ? inUse[kind] : kinds[kind]
      say(`${id}  ${bytes(size)}  ${what}`)
    }
  },
})
