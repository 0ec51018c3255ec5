/** The program that holds a port which hal0 wants, as people are told about it. */
import { readFile } from 'node:fs/promises'
import { unitOf } from '../proc/process-unit.ts'
import { findPortOwner, listenersOn } from './port-owner.ts'

export interface PortHolder {
  /** null: a process of another user, which only root may look into. */
  pid: number | null
  /** Its command line. */
  command: string | null
  /** The systemd unit that it runs in. */
  unit: string | null
  /** Name or number of its user, which everybody may see; null where the pid says more. */
  user: string | null
}

const nameOf = async (uid: number): Promise<string> => {
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const line = accounts.split('\n').find((one) => one.split(':')[2] === String(uid))
  return line?.split(':')[0] ?? String(uid)
}

/** Whoever answers on `port` of 127.0.0.1; null when nobody does. */
export const findPortHolder = async (port: number): Promise<PortHolder | null> => {
  const owner = await findPortOwner(port, '')
  if (owner.kind !== 'other') return null
  const { pid, command } = owner
  if (pid !== null) return { pid, command, unit: await unitOf(pid), user: null }
  const [uid] = (await listenersOn(port)).users
  return { pid, command, unit: null, user: uid === undefined ? null : await nameOf(uid) }
}

const longestCommand = 80

/** e.g. `"nginx -g daemon" (process 12, nginx.service)`, or `a program of the user root` */
export const holderText = (holder: PortHolder | null): string => {
  if (holder === null) return 'another program'
  const { pid, command, unit, user } = holder
  if (pid === null) return user === null ? 'another program' : `a program of the user ${user}`
  const where = `process ${pid}${unit === null ? '' : `, ${unit}`}`
  if (command === null) return where
  // A script given with -c has line breaks; another user's may have what drives a terminal.
  const line = command.replace(/[\s\p{Cc}]+/gu, ' ')
  const shown = line.length > longestCommand ? `${line.slice(0, longestCommand - 1)}…` : line
  return `"${shown}" (${where})`
}

const isFree = (port: number): boolean => {
  try {
    Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true)
    return true
  } catch {
    // Taken, or not permitted: either way it is no port to propose.
    return false
  }
}

const proposals = 50

/** A free port above `port`, to propose. @param avoid whether a port is kept for something else, such as the slots */
export const nextFreePort = (port: number, avoid: (port: number) => boolean): number => {
  const last = Math.min(65_535, port + proposals)
  let next = port + 1
  while (next < last && (avoid(next) || !isFree(next))) next += 1
  return next
}
