import { diagnose } from '../../install/doctor/diagnose.ts'
import type { Finding } from '../../install/doctor/finding.ts'
import { applyFixes } from '../../install/doctor/fix.ts'
import { gatherFacts } from '../../install/doctor/gather.ts'
import { openForDoctor } from '../../install/doctor/subject.ts'
import { setupTools } from '../../install/installation.ts'
import { commandFor } from '../../install/layout.ts'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { firstInstall } from '../../providers/table.ts'
import type { Paths } from '../../system/paths.ts'
import { defineVerb } from '../command.ts'
import { exitCode } from '../terminal/exit-code.ts'
import { Failure } from '../terminal/failure.ts'
import { print, printJson, talk } from '../terminal/output.ts'
import { type Style, style } from '../terminal/style.ts'
import { fields } from '../terminal/table.ts'
import { version } from '../version.ts'
import { brokenSlotFiles } from './broken-slot-files.ts'
import { openLocalEngines } from './local-engines.ts'

const colours: Record<Finding['severity'], Style> = { error: 'red', warning: 'yellow', note: 'cyan' }

/** Sentences are read whole: a table would cut them. */
const shown = ({ check, severity, problem, advice }: Finding): string =>
  fields([
    [severity, { text: check, as: colours[severity] }],
    ['', problem],
    ['try', { text: advice, as: 'cyan' }],
  ])

const summary = (findings: readonly Finding[]): string =>
  findings.every(({ severity }) => severity === 'note') ? 'Nothing is wrong.' : ''

/** Paths of the installed engines; null: which they are is said in a hal0.toml that is itself the finding. */
const enginesOf = async (paths: Paths): Promise<string[] | null> => {
  try {
    return (await openLocalEngines(paths).list()).map(({ path }) => path)
  } catch (error) {
    if (error instanceof Hal0Error && error.code === 'config.invalid') return null
    throw error
  }
}

export default defineVerb({
  about: 'Find out what is wrong with hal0 on this machine.',
  more: 'Installed or not, with systemd or without. Exit status 1: something does not work; warnings alone end with 0. --fix repairs what is safe to repair in an installation: users, owners, units, permissions. It never restarts hal0, nor changes its version or configuration.',
  examples: ['hal0 doctor', 'sudo hal0 doctor', 'sudo hal0 doctor --fix'],
  args: {
    fix: { type: 'boolean', description: 'Repair what is safe to repair' },
  },
  async run({ args: { fix, json } }) {
    const subject = await openForDoctor()
    const { installation, presence, paths } = subject
    if (installation?.layout.scope === 'system') process.umask(0o022)
    const tools = installation === null ? null : setupTools(installation, version)
    const look = async (): Promise<Finding[]> => {
      const engines = presence === 'from-outside' ? null : await enginesOf(paths)
      const slotFiles = presence === 'from-outside' ? [] : await brokenSlotFiles(paths)
      return diagnose(await gatherFacts(subject, tools, { engines, installCommand: firstInstall, slotFiles }))
    }
    let findings = await look()
    if (fix === true && findings.some(({ fixable }) => fixable)) {
      if (installation === null || tools === null || presence !== 'whole') {
        throw new Failure(exitCode.failed, 'There is nothing that --fix could repair from here.')
      }
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
    else print([...findings.map(shown), summary(findings)].filter(Boolean).join('\n\n'))
    return findings.some(({ severity }) => severity === 'error') ? exitCode.failed : exitCode.done
  },
})
