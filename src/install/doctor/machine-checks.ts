/** What can be wrong around hal0, installed or not: ports, configuration, engine, hub, GPUs, disk, files, clock. Pure. */
import { basename, dirname } from 'node:path'
import { bytes } from '../../lib/figures.ts'
import { holderText } from '../../system/process/port-holder.ts'
import { apiUser } from '../layout.ts'
import type { Device, Facts, GpuFacts, Unreadable } from './facts.ts'
import { type Finding, found } from './finding.ts'

type Check = (facts: Facts) => Finding[]

const ports: Check = ({ takenPorts, commands }) =>
  takenPorts.flatMap(({ port, slot, holder, instead }) => {
    const wanted = slot === null ? 'the API' : `slot ${slot}`
    const command = slot === null ? commands.usePort(instead) : `hal0 slot edit ${slot} --set port=${instead}`
    return found(
      slot === null ? 'api-port' : 'slot-port',
      ['ports', 'error'],
      `Port ${port} of ${wanted} is taken by ${holderText(holder)}.`,
      { command, advice: `Stop that program, or use another port: ${command}` },
    )
  })

const config: Check = ({ configProblems, isRoot, presence, scope }) => {
  const sudo = presence !== 'none' && scope === 'system' && !isRoot ? 'sudo ' : ''
  return configProblems.flatMap((problem) =>
    found('configuration', ['configuration', 'error'], problem, { command: `${sudo}hal0 config edit` }),
  )
}

/** Whoever runs a slot with such a file runs it as it was before. */
const slotFiles: Check = ({ slotFiles: broken }) =>
  broken.flatMap(({ slot, problem, resettable }) =>
    found(
      'slot-file',
      ['slot files', 'error'],
      problem,
      resettable === null
        ? { advice: `Correct that file, or remove the slot: hal0 slot rm ${slot}` }
        : { command: `hal0 slot edit ${slot} --unset ${resettable}` },
    ),
  )

/** What is not installed gets its engine with its first model. */
const engine: Check = ({ engines, installCommand, presence }) =>
  engines === null || engines.length > 0
    ? []
    : found('engine', ['engine', presence === 'none' ? 'warning' : 'error'], 'There is no engine to run models.', {
        command: installCommand,
      })

/** Models that are here run without it. */
const hub: Check = ({ hub: { problem, models } }) =>
  problem === null
    ? []
    : found('hub', ['hub', models > 0 ? 'warning' : 'error'], problem, {
        advice:
          'Look at the network and the name servers of this machine, or set a mirror: hal0 config set hub.mirrors=https://…',
      })

/** A driver that is broken, or a limit that leaves no room: models run all the same, or smaller ones do. */
const hardware: Check = ({ machine }) =>
  machine.flatMap(({ about, problem, advice }) => found('machine', [about, 'warning'], problem, { advice }))

/** Whether a process of that user may read and write the device. */
const reaches = ({ uid, groups }: GpuFacts, device: Device): boolean => {
  // The kernel checks only one class: an owner without the right does not get the group's.
  const shift = device.uid === uid ? 6 : groups.includes(device.gid) ? 3 : 0
  return ((device.mode >> shift) & 0o6) === 0o6
}

/** What the user of the backends lacks: membership of the device's group, or a group that has the right. */
const gpu: Check = ({ gpu: facts, scope, isRoot, commands: { restart } }) => {
  if (facts.uid === 0) return []
  const closed = facts.devices.filter((device) => !reaches(facts, device))
  if (closed.length === 0) return []
  const sudo = isRoot ? '' : 'sudo '
  const groups = [
    ...new Set(closed.map(({ group, gid, mode }) => (((mode >> 3) & 0o6) === 0o6 && gid !== 0 ? group : null))),
  ]
  const joinable = groups.filter((group) => group !== null)
  const command = joinable.length === groups.length ? `${sudo}usermod -aG ${joinable.join(',')} ${facts.user}` : null
  const after = scope === 'user' ? 'then log in again' : `then load the slots again (${restart} does not do it)`
  const problem = `${facts.user} may not use ${closed.map(({ path }) => path).join(', ')}.`
  return found('gpu', ['GPU access', 'warning'], problem, {
    ...(command === null ? {} : { command }),
    advice:
      command === null
        ? 'Give the devices to the group render or video (udev rules of the driver), then load the slots again'
        : `${command}, ${after}`,
  })
}

const leastFreeBytes = 2 * 1024 ** 3
const leastFreeShare = 0.05

const disk: Check = ({ disk: { path, freeBytes, totalBytes } }) => {
  if (freeBytes >= leastFreeBytes && freeBytes >= totalBytes * leastFreeShare) return []
  const problem = `The disk of ${path} is nearly full: ${bytes(freeBytes)} of ${bytes(totalBytes)} are free.`
  const severity = freeBytes < leastFreeBytes / 8 ? 'error' : 'warning'
  return found('disk', ['disk', severity], problem, { advice: 'hal0 model rm MODEL, or add space' })
}

/** hal0 was first released in 2026: a clock that shows an earlier year was never set. */
const earliestYear = 2025

const clock: Check = ({ clock: { now, synchronised }, isRoot }) => {
  const command = `${isRoot ? '' : 'sudo '}timedatectl set-ntp true`
  const remedy = { command, advice: `${command} (Debian, Ubuntu: apt install systemd-timesyncd)` }
  if (now.getUTCFullYear() < earliestYear) {
    const problem = `The clock says ${now.toISOString().slice(0, 10)}: downloads fail, because no certificate is valid on that date.`
    return found('clock', ['clock', 'error'], problem, remedy)
  }
  return synchronised === false ? found('clock', ['clock', 'warning'], 'The clock is not synchronised.', remedy) : []
}

const whys: Record<Unreadable['why'], string> = {
  missing: 'which is not there',
  hidden: 'which slots do not see: homes and temporary folders are closed to them',
  forbidden: 'which the user of the slots may not read',
}

const quoted = (path: string): string => (/^[\w./@%+,:-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)

/** Of a model that was linked; null for a path of another kind. */
const modelIdOf = (path: string): string | null => /^local--(.+)$/.exec(basename(dirname(path)))?.[1] ?? null

const files: Check = ({ unreadable, isRoot }) =>
  unreadable.flatMap(({ path, target, why }) => {
    const sudo = isRoot ? '' : 'sudo '
    if (path === target) {
      const command = `${sudo}chmod -R a+rX ${quoted(path)}`
      return found('unreadable', ['files', 'error'], `${path} is needed, ${whys[why]}.`, { command })
    }
    const problem = `${path} leads to ${target}, ${whys[why]}.`
    const id = modelIdOf(path)
    if (why === 'missing') {
      const remedy = id === null ? {} : { command: `hal0 model rm ${id}` }
      const advice = `Put the file back, or remove the model${id === null ? '' : `: hal0 model rm ${id}`}`
      return found('unreadable', ['files', 'error'], problem, { ...remedy, advice })
    }
    const command = `${sudo}install -o ${apiUser} -g ${apiUser}-slot -m 640 ${quoted(target)} ${quoted(path)}`
    return found('unreadable', ['files', 'error'], problem, {
      command,
      advice: `Put a copy in the place of the link: ${command}`,
    })
  })

const damage: Check = ({ damaged, isRoot, presence, scope }) => {
  const sudo = presence !== 'none' && scope === 'system' && !isRoot ? 'sudo ' : ''
  return damaged.flatMap((path) => {
    const command = `${sudo}rm ${quoted(path)}`
    return found('damaged', ['files', 'warning'], `${path} was damaged and moved aside.`, {
      command,
      advice: `Delete it when you no longer need it: ${command}`,
    })
  })
}

export const machineChecks: readonly Check[] = [
  ports,
  config,
  slotFiles,
  engine,
  hub,
  hardware,
  gpu,
  files,
  damage,
  disk,
  clock,
]
