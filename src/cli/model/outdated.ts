import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { printJson, say, talk } from '../terminal/output.ts'
import { style } from '../terminal/style.ts'

export default defineVerb({
  about: 'List the models that have changed at the hub since they were pulled.',
  examples: ['hal0 model outdated', 'hal0 model outdated --json'],
  args: {},
  async run({ args: { json } }) {
    const drifts = await call('listOutdated', { noTimeout: true })
    if (json) return printJson(drifts)
    if (drifts.length === 0) talk.log('No model here came from the hub.')
    for (const { id, repo, outdated, files, problem } of drifts) {
      const verdict = outdated
        ? `${style(process.stdout, 'yellow', 'outdated')}  ${repo} has changed: ${files.join(', ')}`
        : style(process.stdout, 'green', 'current')
      say(`${id}  ${problem === null ? verdict : `unknown  ${problem}`}`)
    }
    const first = drifts.find(({ outdated }) => outdated)
    if (first !== undefined) talk.log(`Fetch the new version: hal0 model update ${first.id}`)
  },
})
