/** Why no hal0 answers at an address of this machine: who holds the port, or what the service said last, and what to do. */
import { configDefaults } from '../../../contract/config.ts'
import { readServerSettings } from '../../../system/config/server-config.ts'
import { otherPortFor } from '../../../system/listen-advice.ts'
import { findPaths } from '../../../system/paths.ts'
import { findPortHolder, holderText, type PortHolder } from '../../../system/process/port-holder.ts'
import { apiUnit, commandsHere, type HostingCommands, scopeOfHosting } from '../../../system/systemd/hosting.ts'
import { lastWords } from '../../../system/systemd/last-words.ts'

export interface Explanation {
  details: string[]
  hint: string
}

const isHal0 = ({ command, unit }: PortHolder): boolean =>
  unit === apiUnit || (command !== null && /(^|\/)hal0 serve\b/.test(command))

/** @param holder null: something answered, and this machine does not say what */
const heldBy = (holder: PortHolder | null, port: number, commands: HostingCommands): Explanation => {
  const details = [`Port ${port} is held by ${holderText(holder)}.`]
  if (holder !== null && isHal0(holder)) return { details, hint: `Restart it: ${commands.restart}` }
  const other = commands.usePort(otherPortFor(port, configDefaults.slots.ports))
  return { details, hint: `Stop that program, then ${commands.start}; or use another port: ${other}` }
}

const notRunning = async (port: number, isGiven: boolean, commands: HostingCommands): Promise<Explanation> => {
  const scope = scopeOfHosting(commands.hosting)
  if (scope !== null) {
    const last = await lastWords(scope)
    return { details: last === null ? [] : [`${apiUnit} printed last: ${last}`], hint: commands.start }
  }
  return {
    details: [],
    hint: isGiven && port !== configDefaults.port ? commands.usePort(port) : commands.start,
  }
}

/** The port in hal0.toml; null where this user may not read it, or it is not valid. */
const configuredPort = async (): Promise<number | null> => {
  const paths =
    commandsHere().hosting === 'service' ? findPaths({}, true) : findPaths(process.env, process.getuid?.() === 0)
  try {
    return (await readServerSettings(paths, {})).port
  } catch {
    // What is wrong with the file is for the daemon and the doctor to say.
    return null
  }
}

const portOf = (url: string): number => {
  const { port, protocol } = new URL(url)
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

interface Unanswered {
  /** An address of this machine. */
  url: string
  /** HAL0_URL names it. */
  isGiven: boolean
  /** Something answered that is not hal0. */
  isForeign: boolean
}

export const whyUnreachable = async ({ url, isGiven, isForeign }: Unanswered): Promise<Explanation> => {
  const port = (isGiven ? null : await configuredPort()) ?? portOf(url)
  const commands = commandsHere()
  const holder = await findPortHolder(port)
  const { details, hint } =
    holder !== null || isForeign ? heldBy(holder, port, commands) : await notRunning(port, isGiven, commands)
  return { details, hint: isGiven ? `${hint}, or correct HAL0_URL` : hint }
}
