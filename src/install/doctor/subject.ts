/** What doctor looks at: an installation, or the folders of somebody who has none. Works without systemd and without root. */
import { existsSync } from 'node:fs'
import { currentLink } from '../../system/files/release-folder.ts'
import { findPaths, type Paths } from '../../system/paths.ts'
import { hostingHere, thisCaller } from '../../system/systemd/hosting.ts'
import { circumstances, type Installation, layoutOf, open } from '../installation.ts'
import type { Layout } from '../layout.ts'
import { hostPrograms, type Programs } from '../programs.ts'
import { managerRefusal } from '../refusal.ts'
import type { Presence } from './facts.ts'

export interface Subject {
  presence: Presence
  /** Why systemd cannot be used, as a sentence; '' where it can. */
  managerProblem: string
  /** The folders that it is about, with an installation or without. */
  paths: Paths
  /** null: nothing is installed here. */
  installation: Installation | null
  programs: Programs
}

/** Whose installation concerns this user; null: nobody's. One without its unit is still one, and broken. */
const scopeHere = async (): Promise<Layout['scope'] | null> => {
  const caller = thisCaller()
  const hosting = hostingHere(caller)
  if (hosting === 'service') return 'system'
  if (hosting === 'user-service') return 'user'
  if ((caller.env.HAL0_ROOT ?? '') !== '') return null
  const scope = caller.isRoot ? 'system' : 'user'
  return existsSync(currentLink((await layoutOf(scope)).paths)) ? scope : null
}

export const openForDoctor = async (): Promise<Subject> => {
  const scope = await scopeHere()
  const { env, isRoot } = thisCaller()
  if (scope === null) {
    const paths = findPaths(env, isRoot)
    return { presence: 'none', managerProblem: '', paths, installation: null, programs: hostPrograms }
  }
  const layout = await layoutOf(scope)
  const refusal = managerRefusal(scope, circumstances(layout))
  const whole: Presence = scope === 'system' && !isRoot ? 'from-outside' : 'whole'
  return {
    presence: refusal === null ? whole : 'no-manager',
    managerProblem: refusal?.message ?? '',
    paths: layout.paths,
    installation: open(layout),
    programs: hostPrograms,
  }
}
