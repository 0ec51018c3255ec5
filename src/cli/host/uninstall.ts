import { createInterface } from 'node:readline/promises'
import { openInstalled, uninstallTools } from '../../install/installation.ts'
import { commandFor } from '../../install/layout.ts'
import { applyAll, findPending } from '../../install/step.ts'
import { uninstallPlan } from '../../install/uninstall-plan.ts'
import { defineVerb } from '../command.ts'
import { confirm, yesFlag } from '../terminal/ask.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { print, printJson, talk } from '../terminal/output.ts'

export default defineVerb({
  about: 'Remove what hal0 setup made.',
  more: 'Stops the API and every slot. Configuration, models and engines stay unless --purge is given, which asks for itself.',
  examples: ['sudo hal0 uninstall', 'sudo hal0 uninstall --purge'],
  args: {
    purge: { type: 'boolean', description: 'Remove configuration, models, engines and logs too' },
    ...yesFlag,
  },
  async run({ args: { purge, yes, json } }) {
    const installation = await openInstalled('uninstall')
    const { layout } = installation
    const tools = uninstallTools(installation)
    const { config, data } = layout.paths
    const pending = await findPending(uninstallPlan(layout, tools, purge === true))
    const changes = pending.flatMap((one) => one.changes)
    if (changes.length > 0) {
      talk.log(`hal0 will:\n${changes.map((change) => `  - ${change}`).join('\n')}`)
      if (yes !== true) await ask(commandFor(layout, 'uninstall'), purge === true ? `${config} and ${data}` : null)
      await applyAll(pending, {
        begins: ({ changes: [first = ''] }) => talk.log(`${first} …`),
        warns: (sentence) => talk.warn(sentence),
      })
    }
    if (json) return printJson({ scope: layout.scope, purge: purge === true, changes })
    if (changes.length === 0) return print('Nothing to do: hal0 is not set up here.')
    print(purge === true ? 'hal0 is gone, with its data.' : `hal0 is gone. ${config} and ${data} are still there.`)
  },
})

/**
 * @param lost what would be deleted for good; null: nothing
 * @throws Failure when the answer is no, or nobody can be asked
 */
const ask = async (command: string, lost: string | null): Promise<void> => {
  const kept = 'Nothing was changed.'
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new Failure(exitCode.failed, `There is no terminal to ask on, and --yes is not given. ${kept}`, {
      hint: `${command}${lost === null ? '' : ' --purge'} --yes`,
    })
  }
  if (!(await confirm('Go on?'))) throw new Failure(exitCode.failed, kept)
  if (lost === null) return
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
  const question = lines.question(`${lost} will be lost for good. Type purge to remove them: `)
  const answer = await Promise.race([question, closed])
  lines.close()
  if (answer.trim() !== 'purge') throw new Failure(exitCode.failed, kept)
}
