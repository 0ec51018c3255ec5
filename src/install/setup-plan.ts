/** The steps of `hal0 setup`, in order. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Systemctl } from '../system/systemd/unit/systemctl.ts'
import { findUser } from './accounts.ts'
import { apiUser, type Layout, type SystemLayout, type UserLayout } from './layout.ts'
import type { Programs } from './programs.ts'
import { polkitFile, unitFiles } from './service/unit-files.ts'
import type { Step } from './step.ts'
import { accountsStep, gpuGroupsStep } from './steps/accounts.ts'
import { systemFoldersStep, userFoldersStep } from './steps/folders.ts'
import { hubTokenStep, type TokenOwner } from './steps/hub-token.ts'
import { lingeringStep } from './steps/lingering.ts'
import { ownershipStep } from './steps/ownership.ts'
import { portStep } from './steps/port.ts'
import { commandStep, currentStep, programStep } from './steps/program.ts'
import { serviceStep } from './steps/service.ts'
import { textFilesStep } from './steps/text-files.ts'

export interface SetupTools {
  programs: Programs
  systemctl: Systemctl
  /** The version of this executable, and its path. */
  version: string
  executable: string
  /** The port that hal0.toml has to name; null: whatever it names. */
  port: number | null
  /** Loads the slots that are meant to run from the start, after an installation. */
  startSlots(): Promise<void>
  /** Waits until the API answers. @throws Hal0Error `install.failed` */
  healthy(): Promise<void>
}

/** Whether polkit is installed, which must be told what the API may do. */
export const hasPolkit = ({ polkitRules, polkitPrograms }: SystemLayout): boolean =>
  existsSync(dirname(polkitRules)) && polkitPrograms.some((path) => existsSync(path))

export const noPolkit =
  'polkit is not installed: without it the API, which is not root, cannot start slots. Install it (Debian, Ubuntu: apt install polkitd), then run: sudo hal0 setup'

/** Two steps, since only a new unit of the API itself means a restart. */
const unitSteps = (layout: Layout): Step[] => {
  const [service, slot] = unitFiles(layout)
  return [textFilesStep('slot-unit', [slot]), textFilesStep('unit', [service])]
}

const apiOwner = async (programs: Programs): Promise<TokenOwner | null> => {
  const account = await findUser(programs, apiUser)
  return account === null ? null : { name: apiUser, ...account }
}

const ownerMyself = ({ user }: UserLayout): TokenOwner => ({
  name: user,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
})

const systemPlan = (layout: SystemLayout, tools: SetupTools): Step[] => {
  const { programs, systemctl, version, executable } = tools
  return [
    accountsStep(layout, programs),
    gpuGroupsStep(programs),
    systemFoldersStep(layout, programs),
    ownershipStep(layout, programs),
    hubTokenStep(layout.paths, () => apiOwner(programs)),
    programStep(layout, version, executable),
    currentStep(layout, version),
    commandStep(layout),
    ...(tools.port === null ? [] : [portStep(layout, tools.port, () => findUser(programs, apiUser))]),
    ...(hasPolkit(layout) ? [textFilesStep('polkit', [polkitFile(layout)])] : []),
    ...unitSteps(layout),
    serviceStep(layout, systemctl, tools),
  ]
}

const userPlan = (layout: UserLayout, tools: SetupTools): Step[] => {
  const { programs, systemctl, version, executable } = tools
  return [
    userFoldersStep(layout),
    hubTokenStep(layout.paths, async () => ownerMyself(layout)),
    programStep(layout, version, executable),
    currentStep(layout, version),
    commandStep(layout),
    ...(tools.port === null ? [] : [portStep(layout, tools.port, async () => null)]),
    ...unitSteps(layout),
    lingeringStep(layout, programs),
    serviceStep(layout, systemctl, tools),
  ]
}

export const setupPlan = (layout: Layout, tools: SetupTools): Step[] =>
  layout.scope === 'system' ? systemPlan(layout, tools) : userPlan(layout, tools)

/** What a person has to know beforehand, and setup cannot change. */
export const setupWarnings = (layout: Layout): string[] =>
  layout.scope === 'system' && !hasPolkit(layout) ? [noPolkit] : []
