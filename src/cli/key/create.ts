import type { KeyCreate } from '../../contract/access/keys.ts'
import { call, checkInput } from '../api/client.ts'
import { oneOf, wholeNumber } from '../arguments.ts'
import { defineVerb } from '../command.ts'
import { usageError } from '../terminal/failure.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { daemonOrLocalKeys } from './reach.ts'

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** How long `90d` is, in seconds. @throws Failure wrong usage */
const seconds = (text: string): number => {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  const value = Number(count) * (units[unit] ?? Number.NaN)
  if (value >= 1) return value
  throw usageError(`--expires takes a time, e.g. 90d, 12h or 30m, not '${text}'.`)
}

const most = 999_999_999

export default defineVerb({
  about: 'Make a key. It is shown only now.',
  more: 'stdout has the key alone. A key with the scope infer may use models; one with the scope admin may do everything. Works without a daemon too, unless HAL0_URL is set.',
  examples: [
    'hal0 key create phone',
    'hal0 key create nas --scope admin --expires 90d',
    'hal0 key create nightly --slots primary,embed --priority batch',
  ],
  args: {
    name: { type: 'positional', required: true, description: 'What to call it, e.g. after who gets it' },
    scope: {
      type: 'string',
      valueHint: 'SCOPE',
      description: 'infer or admin; infer by default',
      completes: ['infer', 'admin'],
    },
    slots: { type: 'string', valueHint: 'A,B', description: 'The only slots that it sees and reaches; all by default' },
    priority: {
      type: 'string',
      valueHint: 'PRIORITY',
      description: 'interactive or batch: whose requests go first where they have to wait',
      completes: ['interactive', 'batch'],
    },
    expires: { type: 'string', valueHint: 'TIME', description: 'When it ends, e.g. 90d, 12h; never by default' },
    rpm: { type: 'string', valueHint: 'N', description: 'Most requests for inference a minute' },
    'tokens-per-day': {
      type: 'string',
      valueHint: 'N',
      description: 'Most tokens a day (UTC), of prompts and answers',
    },
  },
  async run({ args }) {
    const { name, scope = 'infer', slots, priority, expires, rpm, json } = args
    const tokens = args['tokens-per-day']
    const body: KeyCreate = {
      name,
      scope: oneOf('scope', scope, ['infer', 'admin']),
      ...(slots === undefined ? {} : { slots: slots.split(',').map((slot) => slot.trim()) }),
      ...(priority === undefined ? {} : { priority: oneOf('priority', priority, ['interactive', 'batch']) }),
      ...(expires === undefined ? {} : { expires_s: seconds(expires) }),
      ...(rpm === undefined ? {} : { requests_per_minute: wholeNumber('rpm', rpm, 1, 1_000_000) }),
      ...(tokens === undefined ? {} : { tokens_per_day: wholeNumber('tokens-per-day', tokens, 1, most) }),
    }
    checkInput('createKey', { body })
    const made = await daemonOrLocalKeys(
      () => call('createKey', { body }),
      (local) => local.create(body),
    )
    if (json) return printJson(made)
    talk.log(`The key ${made.name} (${made.scope}). It is shown only now: keep it.`)
    print(made.key)
    talk.log(
      'Clients send it as "Authorization: Bearer KEY"; OpenAI\'s read it from OPENAI_API_KEY, hal0\'s from HAL0_API_KEY.',
    )
  },
})
