import type { PullLeftover } from '../../contract/models/pull.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { bytes } from '../units.ts'

const kinds = {
  pull: 'left by a pull',
  record: 'the record of a pull, which cannot be used',
  replaced: 'files of a model that was replaced',
  orphan: 'no model has this file',
} as const satisfies Record<PullLeftover['kind'], string>

const inUse = { ...kinds, pull: 'being pulled', replaced: 'was replaced; a slot still runs it' } as const

export default defineVerb({
  about: 'List what is on the disk and no model: of pulls, of replaced models, lost files; --clear removes it.',
  examples: ['hal0 model gc', 'hal0 model gc --clear'],
  args: { clear: { type: 'boolean', description: 'Remove what is not being pulled and not run by a slot' } },
  async run({ args: { clear, json } }) {
    const leftovers = await call(clear === true ? 'clearPullLeftovers' : 'listPullLeftovers', {})
    if (json) return printJson(leftovers)
    if (leftovers.length === 0) talk.log('There is nothing left over.')
    for (const { id, kind, bytes: size, active } of leftovers) {
      const what = clear === true ? 'removed' : active ? inUse[kind] : kinds[kind]
      print(`${id}  ${bytes(size)}  ${what}`)
    }
  },
})
