/** Finds the ports in hal0's configuration that another program listens on. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Hal0Error } from '../../lib/hal0-error.ts'
import { readServerSettings } from '../../system/config/server-config.ts'
import { errnoOf, storageError } from '../../system/files/storage-error.ts'
import { readToml } from '../../system/files/toml-file.ts'
import { configFile, type Paths, slotConfigDir } from '../../system/paths.ts'
import { findPortOwner } from '../../system/process/port-owner.ts'
import { serviceUnit } from '../service/unit-files.ts'
import type { TakenPort } from './facts.ts'

interface Wanted {
  port: number
  by: string
  /** The unit that may listen there. */
  unit: string
  file: string
}

/**
 * The unit that a process runs in, e.g. `hal0.service`; null for none. A host that mounts both versions of control groups has one
 * systemd line for each, and one of them may be empty.
 * @param text of /proc/<pid>/cgroup
 */
export const unitOf = (text: string): string | null => {
  for (const [, group = ''] of text.matchAll(/^(?:0::|\d+:name=systemd:)(.*)$/gm)) {
    const unit = group.split('/').findLast((part) => part.endsWith('.service'))
    if (unit !== undefined) return unit
  }
  return null
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
  const noteRefusal = (error: unknown): void => {
    if (!(error instanceof Hal0Error)) throw error
    problems.push(error.message)
  }
  try {
    const { port } = await readServerSettings(paths, {})
    wanted.push({ port, by: 'the API', unit: serviceUnit, file: configFile(paths) })
  } catch (error) {
    noteRefusal(error)
  }
  for (const file of await slotFiles(paths)) {
    try {
      const name = basename(file, '.toml')
      const port = (await readToml(file))?.port
      if (typeof port === 'number') wanted.push({ port, by: `slot ${name}`, unit: `hal0-slot@${name}.service`, file })
    } catch (error) {
      noteRefusal(error)
    }
  }
  return wanted
}

const unitOfProcess = async (pid: number): Promise<string | null> => {
  try {
    return unitOf(await readFile(`/proc/${pid}/cgroup`, 'latin1'))
  } catch {
    // It has ended in the meantime.
    return null
  }
}

/** @returns the ports that other programs have, and sentences about configuration that could not be read */
export const findPorts = async (paths: Paths): Promise<{ taken: TakenPort[]; problems: string[] }> => {
  const problems: string[] = []
  const taken: TakenPort[] = []
  for (const { port, by: wanted, unit, file } of await wantedPorts(paths, problems)) {
    const owner = await findPortOwner(port, '')
    if (owner.kind !== 'other') continue
    if (owner.pid !== null && (await unitOfProcess(owner.pid)) === unit) continue
    taken.push({ port, wanted, by: owner.pid === null ? null : { pid: owner.pid, command: owner.command }, file })
  }
  return { taken, problems }
}
