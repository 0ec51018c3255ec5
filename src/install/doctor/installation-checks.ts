/** What can be wrong with an installation: its service, units, users and rights. Pure. */
import type { Facts } from './facts.ts'
import { type Finding, found } from './finding.ts'

type Check = (facts: Facts) => Finding[]

/** The setup steps that doctor may repeat: they change neither the version nor a running process. */
export const safeSteps: ReadonlySet<string> = new Set([
  'users',
  'gpu-groups',
  'folders',
  'owners',
  'hub-token',
  'command',
  'polkit',
  'unit',
  'slot-unit',
  'lingering',
])

/** The subject of each step, in words that people look for. */
const aboutStep: Record<string, string> = {
  users: 'users',
  'gpu-groups': 'GPU access',
  folders: 'owners',
  owners: 'owners',
  'hub-token': 'hub token',
  program: 'executable',
  current: 'executable',
  command: 'command',
  polkit: 'polkit',
  unit: 'units',
  'slot-unit': 'units',
}

const presence: Check = ({ presence: what, managerProblem, commands: { setup, doctor } }) => {
  if (what === 'none') {
    const advice = `To run it as a service: ${setup}`
    return found(
      'not-installed',
      ['installation', 'note'],
      'hal0 is not installed here; that is fine for a checkout.',
      {
        advice,
      },
    )
  }
  if (what === 'no-manager') {
    return found('no-manager', ['installation', 'error'], managerProblem, {
      advice: 'What can be checked without it follows',
    })
  }
  if (what === 'from-outside') {
    const problem = 'Only root sees all of this installation: owners, configuration and engines are not checked.'
    return found('unseen', ['installation', 'note'], problem, { command: doctor })
  }
  return []
}

/** What setup would change. Lingering has its own check, which explains what it means. */
const drift: Check = ({ drift: steps, commands: { setup, doctor } }) =>
  steps.flatMap(({ step, changes }) => {
    const about = aboutStep[step]
    if (about === undefined) return []
    const fixable = safeSteps.has(step)
    const problem = `This differs from what setup makes: ${changes.join('; ')}.`
    const severity = step === 'program' || step === 'current' || step === 'command' ? 'warning' : 'error'
    return found('drift', [about, severity], problem, { command: fixable ? `${doctor} --fix` : setup }, fixable)
  })

/** The API is restarted after these steps: while they are pending, the restart itself is not worth a finding. */
const renewing = ['unit', 'program', 'current', 'slot-unit']

/** An API that runs from older files. If it runs and starts at boot, the service step can only want a reload or restart. */
const stale: Check = ({ drift: steps, service: state, commands: { setup } }) => {
  const pending = steps.map(({ step }) => step)
  if (state === null || !state.active || !state.enabled) return []
  if (!pending.includes('service') || renewing.some((step) => pending.includes(step))) return []
  const problem = 'hal0.service runs from older files than those that are installed.'
  return found('service-stale', ['service', 'warning'], problem, { command: setup })
}

const service: Check = ({ service: state, scope, isRoot, commands: { setup, restart } }) => {
  if (state === null) return []
  if (!state.loaded) {
    return found('service-missing', ['service', 'error'], 'hal0.service is not installed.', { command: setup })
  }
  const ctl = scope === 'user' ? 'systemctl --user' : `${isRoot ? '' : 'sudo '}systemctl`
  const boot = state.enabled
    ? []
    : found('service-boot', ['service', 'warning'], 'hal0.service does not start at boot.', {
        command: `${ctl} enable hal0.service`,
      })
  if (state.active) return boot
  const last = state.lastLines.at(-1)
  const said = last === undefined ? '' : ` It printed last: ${last.trim()}`
  const result = state.result === 'success' || state.result === '' ? '' : `, ${state.result}`
  const problem = `hal0.service does not run: ${state.shown}${result}.${said}`
  return [...found('service-down', ['service', 'error'], problem, { command: restart }), ...boot]
}

const lingering: Check = ({ lingering: state, commands: { doctor } }) =>
  state === null || state.on
    ? []
    : found(
        'lingering',
        ['lingering', 'warning'],
        `hal0 ends when ${state.user} logs out, and does not start at boot.`,
        {
          command: `sudo loginctl enable-linger ${state.user}`,
          advice: `${doctor} --fix, or: sudo loginctl enable-linger ${state.user}`,
        },
        true,
      )

const polkit: Check = ({ polkit: installed, isRoot, commands: { setup } }) => {
  if (installed !== false) return []
  const command = `${isRoot ? '' : 'sudo '}apt install polkitd && ${setup}`
  return found('polkit', ['polkit', 'error'], 'polkit is not installed, so the API cannot start slots.', {
    command,
    advice: `Debian, Ubuntu: ${command}`,
  })
}

export const installationChecks: readonly Check[] = [presence, service, stale, drift, polkit, lingering]
