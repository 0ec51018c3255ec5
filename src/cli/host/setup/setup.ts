import { installedUrl, openForSetup, setupTools } from '../../../install/installation.ts'
import { commandFor } from '../../../install/layout.ts'
import { portRefusal } from '../../../install/port-refusal.ts'
import { setupPlan, setupWarnings } from '../../../install/setup-plan.ts'
import { applyAll, findPending, type Pending } from '../../../install/step.ts'
import { wholeNumber } from '../../arguments.ts'
import { defineVerb } from '../../command.ts'
import { confirm, yesFlag } from '../../terminal/ask.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { Failure } from '../../terminal/failure.ts'
import { print, printJson, talk } from '../../terminal/output.ts'
import { style } from '../../terminal/style.ts'
import { version } from '../../version.ts'
import { firstSteps } from './first-steps.ts'
import { setupEnd } from './setup-end.ts'

const listed = (pending: readonly Pending[]): string[] => pending.flatMap(({ changes }) => changes)
const bullet = (change: string): string => `  - ${change}`

export default defineVerb({
  about: 'Install hal0 as a service of this machine, or with --user as your own.',
  more: 'Can be run again at any time: it changes only what is not as it should be, and never your configuration, models or running slots.',
  examples: ['sudo hal0 setup', 'sudo hal0 setup --port 8100', 'sudo hal0 setup --dry-run', 'hal0 setup --user --yes'],
  args: {
    user: { type: 'boolean', description: 'In your own folders, as your own units, without root' },
    port: { type: 'string', valueHint: 'PORT', description: 'Port of the API, written into hal0.toml; 8080 at first' },
    'dry-run': { type: 'boolean', description: 'Print each change and make none' },
    ...yesFlag,
  },
  async run({ args: { user, port: asked, 'dry-run': dryRun, yes, json } }) {
    const port = asked === undefined ? null : wholeNumber('port', asked, 1, 65_535)
    const installation = await openForSetup(user === true ? 'user' : 'system')
    const { layout } = installation
    // A system installation has to be readable by all users, whatever root's umask is.
    if (layout.scope === 'system') process.umask(0o022)
    const warnings = setupWarnings(layout)
    const pending = await findPending(setupPlan(layout, setupTools(installation, version, port)))
    const changes = listed(pending)
    const refusal = changes.length === 0 ? null : await portRefusal(layout, port)
    if (refusal !== null) throw refusal
    for (const warning of warnings) talk.warn(warning)
    if (dryRun !== true && changes.length > 0) {
      talk.log(`hal0 ${version} will:\n${changes.map(bullet).join('\n')}`)
      if (yes !== true) await ask(commandFor(layout, 'setup'))
      await applyAll(pending, {
        begins: ({ changes: [first = '', ...rest] }) =>
          talk.log(style(process.stderr, 'dim', `${first}${rest.length === 0 ? '' : `, and ${rest.length} more`} …`)),
        warns: (sentence) => {
          warnings.push(sentence)
          talk.warn(sentence)
        },
      })
    }
    const url = await installedUrl(installation)
    if (json) return printJson({ version, scope: layout.scope, dry_run: dryRun === true, changes, warnings, url })
    if (dryRun === true && changes.length > 0) return print(changes.join('\n'))
    if (changes.length === 0) print('Nothing to do: everything is as it should be.')
    if (dryRun !== true) print(firstSteps(await setupEnd(installation, version)))
  },
})

/** @throws Failure when the answer is no, or nobody can be asked */
const ask = async (command: string): Promise<void> => {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new Failure(exitCode.failed, 'There is no terminal to ask on, and --yes is not given: nothing was changed.', {
      hint: `${command} --yes`,
    })
  }
  if (!(await confirm('Go on?'))) throw new Failure(exitCode.failed, 'Nothing was changed.')
}
