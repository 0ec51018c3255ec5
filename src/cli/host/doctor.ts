import { diagnose, type Finding } from '../../install/doctor/diagnose.ts'
import { applyFixes } from '../../install/doctor/fix.ts'
import { gatherFacts } from '../../install/doctor/gather.ts'
import { openInstalled, setupTools } from '../../install/installation.ts'
import { commandFor } from '../../install/layout.ts'
import { firstInstall } from '../../providers/table.ts'
import { defineVerb } from '../command.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { style } from '../terminal/style.ts'
import { fields } from '../terminal/table.ts'
import { version } from '../version.ts'
import { openLocalEngines } from './local-engines.ts'

/** Sentences are read whole: a table would cut them. */
const shown = ({ check, severity, problem, advice }: Finding): string =>
  fields([
    [severity, { text: check, as: severity === 'error' ? 'red' : 'yellow' }],
    ['', problem],
    ['try', { text: advice, as: 'cyan' }],
  ])

export default defineVerb({
  about: 'Find out what is wrong with this installation.',
  more: '--fix repairs what is safe to repair: users, owners, units, permissions. It never restarts hal0, nor changes its version or configuration.',
  examples: ['sudo hal0 doctor', 'sudo hal0 doctor --fix'],
  args: {
    fix: { type: 'boolean', description: 'Repair what is safe to repair' },
  },
  async run({ args: { fix, json } }) {
    const installation = await openInstalled('doctor')
    if (installation.layout.scope === 'system') process.umask(0o022)
    const tools = setupTools(installation, version)
    const look = async (): Promise<Finding[]> => {
      const engines = (await openLocalEngines().list()).map(({ path }) => path)
      return diagnose(await gatherFacts(installation, tools, engines, firstInstall))
    }
    let findings = await look()
    if (fix === true && findings.some(({ fixable }) => fixable)) {
      const { needsRestart } = await applyFixes(installation, tools, {
        begins: ({ changes }) => talk.log(style(process.stderr, 'dim', `${changes.join('\n')} …`)),
        warns: (sentence) => talk.warn(sentence),
      })
      if (needsRestart) {
        talk.log(`The API uses its new unit from its next start on: ${commandFor(installation.layout, 'setup')}`)
      }
      findings = await look()
    }
    if (json) printJson(findings)
    else print(findings.length === 0 ? 'Nothing is wrong.' : findings.map(shown).join('\n\n'))
    return findings.length === 0 ? exitCode.done : exitCode.failed
  },
})
