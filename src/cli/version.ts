import packageJson from '../../package.json' with { type: 'json' }
import { defineVerb } from './command.ts'
import { print, printJson } from './terminal/output.ts'

/** The version of this executable, e.g. `0.1.0`. */
export const version: string = packageJson.version

export default defineVerb({
  about: 'Print the version of this executable.',
  examples: ['hal0 version'],
  args: {},
  async run({ args: { json } }) {
    if (json) printJson({ version })
    else print(`hal0 ${version}`)
  },
})
