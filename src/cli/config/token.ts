import { HubToken } from '../../contract/settings.ts'
import { problemsOf } from '../../lib/validate.ts'
import { call } from '../api/client.ts'
import { defineVerb } from '../command.ts'
import { type ExitCode, exitCode } from '../terminal/exit-code.ts'
import { usageError } from '../terminal/failure.ts'
import { Interrupted } from '../terminal/interrupt.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { readSecret } from './read-secret.ts'
import { tellProblems } from './settings-text.ts'

/** Checked here, before the contract does: no error message may repeat the token. @throws Failure wrong usage */
const readToken = async (): Promise<string> => {
  const token = await readSecret('Token of the hub (it is not shown): ')
  if (token === '') throw usageError('There is no token on stdin.', 'hal0 config token < FILE')
  if (problemsOf(HubToken, token).length === 0) return token
  throw usageError('The text on stdin is not a token: it has blanks, or characters that cannot be in a token.')
}

const whereFrom: Record<string, string> = {
  none: 'The token is removed.',
  credential: "The daemon takes its unit's credential (LoadCredential=).",
  environment: "The daemon takes HF_TOKEN of its environment, since it has no token of hal0's own.",
  'hub tools': "The daemon takes the hub tools' own login, since it has no token of hal0's own.",
  file: 'The token is stored, and used from now on.',
}

export default defineVerb({
  about: "Give the daemon the hub's token, for gated and private repositories.",
  more: `The token is read from stdin; on a terminal it is asked for and not shown.
It is kept in hf-token beside hal0.toml, which nobody but hal0 may read, and takes effect at once.`,
  examples: ['hal0 config token', 'hal0 config token < FILE', 'hal0 config token --remove'],
  args: { remove: { type: 'boolean', description: 'Remove the token that hal0 keeps' } },
  async run({ args: { remove, json } }): Promise<ExitCode> {
    let token: string | null
    try {
      token = remove === true ? null : await readToken()
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      talk.log('Nothing was changed.')
      return exitCode.interrupted
    }
    const settings = await call('editSettings', { body: { hub: { token } } })
    if (json) printJson(settings)
    else print(whereFrom[settings.values.hub.token] ?? 'The token is stored.')
    tellProblems(settings)
    return exitCode.done
  },
})
