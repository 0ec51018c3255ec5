import { call } from '../client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson, talk } from '../output.ts'
import { bytes } from '../units.ts'

export default defineVerb({
  about: 'List what interrupted pulls have left on the disk; --clear removes it.',
  examples: ['hal0 model gc', 'hal0 model gc --clear'],
  args: { clear: { type: 'boolean', description: 'Remove what is not being pulled right now' } },
  async run({ args: { clear, json } }) {
    const leftovers = await call(clear === true ? 'clearPullLeftovers' : 'listPullLeftovers', {})
    if (json) return printJson(leftovers)
    if (leftovers.length === 0) talk.log('There is nothing left over.')
    for (const { id, bytes: size, active } of leftovers) {
      print(`${id}  ${bytes(size)}${clear === true ? '  removed' : active ? '  being pulled' : ''}`)
    }
  },
})
