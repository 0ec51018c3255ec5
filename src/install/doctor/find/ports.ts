/** Finds the ports in hal0's configuration that another program listens on. */
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { configDefaults } from '../../../contract/config.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { readServerSettings } from '../../../system/config/server-config.ts'
import { readDaemonAddress } from '../../../system/daemon-address.ts'
import { errnoOf, storageError } from '../../../system/files/storage-error.ts'
import { readToml } from '../../../system/files/toml-file.ts'
import { otherPortFor } from '../../../system/listen-advice.ts'
import { configFile, type Paths, slotConfigDir, slotDir } from '../../../system/paths.ts'
import { instanceMark } from '../../../system/process/family/instance-mark.ts'
import { findPortHolder, nextFreePort, type PortHolder } from '../../../system/process/port-holder.ts'
import { findPortOwner } from '../../../system/process/port-owner.ts'
import { apiUnit } from '../../../system/systemd/hosting.ts'
import type { TakenPort } from '../facts.ts'

interface Wanted {
  port: number
  /** Name of the slot; null: the API. */
  slot: string | null
  /** The unit that may listen there. */
  unit: string
}

const slotFiles = async (paths: Paths): Promise<string[]> => {
  const folder = slotConfigDir(paths)
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.toml')).map((name) => join(folder, name))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw storageError(error, folder, 'list the slots')
  }
}

const wantedPorts = async (paths: Paths, problems: string[]): Promise<Wanted[]> => {
  const wanted: Wanted[] = []
  try {
    const { port } = await readServerSettings(paths, {})
    // Where no port is set, a daemon that found the usual one taken listens on the next free one.
    const isElsewhere =
      readDaemonAddress(paths.data) !== null && (await readToml(configFile(paths)))?.port === undefined
    if (!isElsewhere) wanted.push({ port, slot: null, unit: apiUnit })
  } catch (error) {
    if (!(error instanceof Hal0Error)) throw error
    problems.push(error.message)
  }
  for (const file of await slotFiles(paths)) {
    try {
      const slot = basename(file, '.toml')
      const port = (await readToml(file))?.port
      if (typeof port === 'number') wanted.push({ port, slot, unit: `hal0-slot@${slot}.service` })
    } catch (error) {
      // A file that cannot be read is a finding of its own.
      if (!(error instanceof Hal0Error)) throw error
    }
  }
  return wanted
}

/** Whether hal0 itself has the port: as a unit, or as the daemon or a backend of these folders that was started by hand. */
const isOwn = async (paths: Paths, { port, slot, unit }: Wanted, holder: PortHolder): Promise<boolean> => {
  if (holder.unit === unit) return true
  if (slot === null) return holder.pid !== null && readDaemonAddress(paths.data)?.pid === holder.pid
  return (await findPortOwner(port, instanceMark(slotDir(paths, slot))())).kind === 'own'
}

/** @returns the ports that other programs have, and sentences about a hal0.toml that could not be read */
export const findPorts = async (paths: Paths): Promise<{ taken: TakenPort[]; problems: string[] }> => {
  const problems: string[] = []
  const taken: TakenPort[] = []
  const wanted = await wantedPorts(paths, problems)
  for (const one of wanted) {
    const { port, slot } = one
    const holder = await findPortHolder(port)
    if (holder === null || (await isOwn(paths, one, holder))) continue
    const instead =
      slot === null
        ? otherPortFor(port, configDefaults.slots.ports)
        : nextFreePort(port, (other) => wanted.some((its) => its.port === other))
    taken.push({ port, slot, holder, instead })
  }
  return { taken, problems }
}
