import { isUnderWay } from '../../contract/models/pull-phase.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { printJson, say, talk } from '../terminal/output.ts'
import { awaitPull } from './bring/await-pull.ts'

export default defineVerb({
  about: 'Replace a model by the version that the hub has now (see hal0 model outdated).',
  more: `The new files are fetched and verified first; then the id names them.
A slot that runs the model goes on with the old files until its next load; they are removed when no slot runs them any more.`,
  examples: ['hal0 model update qwen2.5-0.5b-instruct-q4_k_m'],
  args: {
    id: { type: 'positional', required: true, description: 'Id of the model', completes: 'model' },
    wait: { type: 'boolean', default: true, negativeDescription: 'Return as soon as the pull has begun' },
  },
  async run({ args: { id, wait, json } }) {
    const pull = await call('updateModel', { params: { id }, noTimeout: true })
    if (!isUnderWay(pull)) {
      if (json) printJson(pull)
      else say(`${id} is up to date: the hub has nothing newer.`)
      return exitCode.done
    }
    talk.log(`Pulling the current version from ${pull.repo} as ${id}.`)
    if (wait === false) {
      if (json) printJson(pull)
      return exitCode.done
    }
    return awaitPull(id, {
      json: json === true,
      wasThere: true,
      done: `${id} is up to date and verified. A slot that runs it uses it from its next load on: hal0 slot restart NAME`,
    })
  },
})
