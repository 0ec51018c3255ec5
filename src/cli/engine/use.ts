import { resolve } from 'node:path'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { print, printJson } from '../terminal/output.ts'
import { daemonOrLocal } from './reach.ts'

export default defineVerb({
  about: 'Choose the engine for slots that do not name one.',
  more: 'Works without a daemon too, unless HAL0_URL is set. A running backend keeps its engine until the slot is restarted.',
  examples: ['hal0 engine use llama.cpp-pypi-2026.10.11549', 'hal0 engine use /opt/llama.cpp/llama-server'],
  args: {
    engine: { type: 'positional', required: true, description: 'Id of an installed engine, or path of a program' },
  },
  async run({ args: { engine, json } }) {
    const request = { provider: 'llama.cpp', engine: engine.includes('/') ? resolve(engine) : engine } as const
    const chosen = await daemonOrLocal(
      () => call('useEngine', { body: request }),
      (local) => local.use(request),
    )
    if (json) printJson(chosen)
    else print(`${chosen.provider} is now run by ${chosen.id}.`)
  },
})
