/** Whether the API could listen on its port, looked at before anything is installed. */
import { readFile } from 'node:fs/promises'
import { Hal0Error } from '../lib/hal0-error.ts'
import { readServerSettings } from '../system/config/server-config.ts'
import { otherPortFor } from '../system/listen-advice.ts'
import { findPortHolder, holderText } from '../system/process/port-holder.ts'
import { apiUnit, hostingCommands } from '../system/systemd/hosting.ts'
import type { Layout } from './layout.ts'

/** The lowest port that a service without rights of its own may have. */
const lowestPort = async (): Promise<number> => {
  const text = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => '')
  return text === '' ? 1024 : Number(text)
}

/**
 * @param port that was asked for; null: the one in hal0.toml
 * @returns null when nothing stands in the way. @throws Hal0Error `config.invalid`, `storage.failed` about hal0.toml
 */
export const portRefusal = async ({ scope, paths }: Layout, port: number | null): Promise<Hal0Error | null> => {
  const settings = await readServerSettings(paths, {})
  const wanted = port ?? settings.port
  const { usePort } = hostingCommands(scope === 'system' ? 'service' : 'user-service', process.getuid?.() === 0)
  const refused = (why: string): Hal0Error =>
    new Hal0Error(
      'install.refused',
      `${why} Nothing was changed. With another port: ${usePort(otherPortFor(wanted, settings.slotPorts))}`,
      { details: { port: wanted } },
    )
  const lowest = await lowestPort()
  if (wanted !== 0 && wanted < lowest) {
    return refused(`hal0 does not run as root as a service, and may only listen on ports from ${lowest} on.`)
  }
  const holder = wanted === 0 ? null : await findPortHolder(wanted)
  if (holder === null || holder.unit === apiUnit) return null
  return refused(`Port ${wanted} is taken by ${holderText(holder)}.`)
}
