/** Diagnoses an installation: one check for each thing that can be wrong, over facts gathered before. Pure. */
import { bytes } from '../../lib/figures.ts'
import type { Device, Facts, GpuFacts, Unreadable } from './facts.ts'

export interface Finding {
  check: string
  /** error: something does not work; warning: it may fail, or may not work for long. */
  severity: 'error' | 'warning'
  /** What is wrong. */
  problem: string
  /** What to do about it. */
  advice: string
  /** Whether `doctor --fix` fixes it. */
  fixable: boolean
}

type Check = (facts: Facts) => Finding[]

const found = (
  check: string,
  severity: Finding['severity'],
  problem: string,
  advice: string,
  fixable = false,
): Finding[] => [{ check, severity, problem, advice, fixable }]

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

/** What setup would change. Lingering has its own check, which explains what it means. */
const drift: Check = ({ drift: steps, setupCommand, doctorCommand }) =>
  steps.flatMap(({ step, changes }) => {
    const about = aboutStep[step]
    if (about === undefined) return []
    const fixable = safeSteps.has(step)
    const problem = `This differs from what setup makes: ${changes.join('; ')}.`
    const severity = step === 'program' || step === 'current' || step === 'command' ? 'warning' : 'error'
    return found(about, severity, problem, fixable ? `${doctorCommand} --fix` : setupCommand, fixable)
  })

/** The API is restarted after these steps: while they are pending, the restart itself is not worth a finding. */
const renewing = ['unit', 'program', 'current', 'slot-unit']

/** An API that runs from older files. If it runs and starts at boot, the service step can only want a reload or restart. */
const stale: Check = ({ drift: steps, service: { active, enabled }, setupCommand }) => {
  const pending = steps.map(({ step }) => step)
  if (!active || !enabled || !pending.includes('service') || renewing.some((step) => pending.includes(step))) return []
  return found('service', 'warning', 'hal0.service runs from older files than those that are installed.', setupCommand)
}

const service: Check = ({ service: state, scope, setupCommand }) => {
  const ctl = scope === 'user' ? 'systemctl --user' : 'sudo systemctl'
  if (!state.loaded) return found('service', 'error', 'hal0.service is not installed.', setupCommand)
  const boot = state.enabled
    ? []
    : found('service', 'warning', 'hal0.service does not start at boot.', `${ctl} enable hal0.service`)
  if (state.active) return boot
  const last = state.lastLines.at(-1)
  const said = last === undefined ? '' : ` It printed last: ${last.trim()}`
  const result = state.result === 'success' || state.result === '' ? '' : `, ${state.result}`
  const problem = `hal0.service does not run: ${state.shown}${result}.${said}`
  return [...found('service', 'error', problem, `${ctl} restart hal0.service`), ...boot]
}

const ports: Check = ({ takenPorts }) =>
  takenPorts.flatMap(({ port, wanted, by, file }) => {
    const who = by === null ? 'another program' : `${by.command ?? 'a program'} (process ${by.pid})`
    return found(
      'ports',
      'error',
      `Port ${port} of ${wanted} is taken by ${who}.`,
      `Stop that program, or set another port in ${file}`,
    )
  })

const config: Check = ({ configProblems }) =>
  configProblems.flatMap((problem) => found('configuration', 'error', problem, 'Correct the file'))

const engine: Check = ({ engines, installCommand }) =>
  engines.length > 0 ? [] : found('engine', 'error', 'There is no engine to run models.', installCommand)

/** A driver that is broken, or a limit that leaves no room: models run all the same, or smaller ones do. */
const machine: Check = ({ machine: findings }) =>
  findings.flatMap(({ about, problem, advice }) => found(about, 'warning', problem, advice))

/** Whether a process of that user may read and write the device. */
const reaches = ({ uid, groups }: GpuFacts, device: Device): boolean => {
  // The kernel checks only one class: an owner without the right does not get the group's.
  const shift = device.uid === uid ? 6 : groups.includes(device.gid) ? 3 : 0
  return ((device.mode >> shift) & 0o6) === 0o6
}

const gpu: Check = ({ gpu: facts, scope }) => {
  if (facts.uid === 0) return []
  const closed = facts.devices.filter((device) => !reaches(facts, device)).map(({ path }) => path)
  if (closed.length === 0) return []
  const advice =
    scope === 'user'
      ? `sudo usermod -aG render,video ${facts.user}, then log in again`
      : 'Give the devices to the group render or video (udev rules of the driver), then restart the slots'
  return found('GPU access', 'warning', `${facts.user} may not use ${closed.join(', ')}.`, advice)
}

const leastFreeBytes = 2 * 1024 ** 3
const leastFreeShare = 0.05

const disk: Check = ({ disk: { path, freeBytes, totalBytes } }) => {
  if (freeBytes >= leastFreeBytes && freeBytes >= totalBytes * leastFreeShare) return []
  const problem = `The disk of ${path} is nearly full: ${bytes(freeBytes)} of ${bytes(totalBytes)} are free.`
  return found(
    'disk',
    freeBytes < leastFreeBytes / 8 ? 'error' : 'warning',
    problem,
    'hal0 model rm MODEL, or add space',
  )
}

const lingering: Check = ({ lingering: state, doctorCommand }) =>
  state === null || state.on
    ? []
    : found(
        'lingering',
        'warning',
        `hal0 ends when ${state.user} logs out, and does not start at boot.`,
        `${doctorCommand} --fix, or: sudo loginctl enable-linger ${state.user}`,
        true,
      )

/** hal0 was first released in 2026: a clock that shows an earlier year was never set. */
const earliestYear = 2025

const clock: Check = ({ clock: { now, synchronised } }) => {
  const advice = 'sudo timedatectl set-ntp true (Debian, Ubuntu: apt install systemd-timesyncd)'
  if (now.getUTCFullYear() < earliestYear) {
    const problem = `The clock says ${now.toISOString().slice(0, 10)}: downloads fail, because no certificate is valid on that date.`
    return found('clock', 'error', problem, advice)
  }
  return synchronised === false ? found('clock', 'warning', 'The clock is not synchronised.', advice) : []
}

const polkit: Check = ({ polkit: installed, setupCommand }) =>
  installed !== false
    ? []
    : found(
        'polkit',
        'error',
        'polkit is not installed, so the API cannot start slots.',
        `Debian, Ubuntu: sudo apt install polkitd; then: ${setupCommand}`,
      )

const whys: Record<Unreadable['why'], string> = {
  missing: 'which is not there',
  hidden: 'which slots do not see: homes and temporary folders are closed to them',
  forbidden: 'which the user of the slots may not read',
}

const links: Check = ({ unreadable }) =>
  unreadable.flatMap(({ path, target, why }) => {
    const problem = path === target ? `${path} is needed, ${whys[why]}.` : `${path} leads to ${target}, ${whys[why]}.`
    const advice =
      why === 'missing'
        ? 'Put the file back, or remove the model'
        : 'Import the model without --link, or move the file and let everybody read it'
    return found('files', 'error', problem, advice)
  })

const damage: Check = ({ damaged }) =>
  damaged.flatMap((path) =>
    found('files', 'warning', `${path} was damaged and moved aside.`, 'Delete it when you no longer need it'),
  )

const checks: readonly Check[] = [
  service,
  stale,
  ports,
  config,
  drift,
  polkit,
  engine,
  machine,
  gpu,
  links,
  damage,
  disk,
  lingering,
  clock,
]

/** All findings, errors first. */
export const diagnose = (facts: Facts): Finding[] =>
  checks
    .flatMap((check) => check(facts))
    .sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
