/**
 * slots/<name>/launch.json: the command that `hal0 slot-exec` executes, and a record of the start for the next daemon. The backend's
 * user has to read it, and nobody else may: its environment has the key that hal0 shares with the backend.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { nullable } from '../../contract/schema/nullable.ts'
import { log } from '../../lib/log.ts'
import { problemsOf } from '../../lib/validate.ts'
import { removeFile, writeFileAtomic } from '../files/atomic-file.ts'
import { readOwnText } from '../files/own-file.ts'
import { thisBoot } from '../proc/boot-id.ts'
import { spawnFailed } from '../spawn-error.ts'
import type { LaunchSpec } from '../supervisor.ts'

const LaunchRecord = Type.Object({
  argv: Type.Array(Type.String(), { minItems: 1 }),
  env: Type.Record(Type.String(), Type.String()),
  cwd: Type.String(),
  boot_id: nullable(Type.String()),
  /** Start time of process 1, since a restarted container keeps the kernel's boot id. */
  init_start: nullable(Type.Integer()),
  /** Milliseconds since the Unix epoch. */
  started_at: Type.Integer(),
})
export type LaunchRecord = Static<typeof LaunchRecord>

/**
 * Refuses NUL bytes, which execve cannot take, and a relative program path, which would depend on the working folder.
 * @throws Hal0Error `slot.spawn_failed`
 */
export const refuseUnfit = (spec: LaunchSpec): void => {
  if (!spec.argv[0]?.startsWith('/')) throw spawnFailed(spec, 'ENOENT', 'argv[0] is not an absolute path')
  const words = [...spec.argv, ...Object.keys(spec.env), ...Object.values(spec.env)]
  if (words.some((word) => word.includes('\0'))) throw spawnFailed(spec, 'ERR_INVALID_ARG_VALUE', 'a NUL byte')
}

/**
 * The folder of a system's slot belongs to the group of the backends' user. In a user's own installation the backends are the same
 * user, whose group may be everybody's.
 */
const modeIn = async (folder: string): Promise<number> => {
  const found = await stat(folder).catch(() => null)
  return found?.gid === process.getgid?.() ? 0o600 : 0o640
}

export const launchRecord = (spec: LaunchSpec, env: Record<string, string>, startedAt: number): LaunchRecord => ({
  argv: spec.argv,
  env,
  cwd: spec.cwd,
  ...thisBoot(),
  started_at: startedAt,
})

/** @throws Error when the text is not a launch record */
export const parseLaunchRecord = (text: string): LaunchRecord => {
  const value: unknown = JSON.parse(text)
  const [problem] = problemsOf(LaunchRecord, value)
  if (problem !== undefined) throw new Error(`it is not a launch record (${JSON.stringify(problem)})`)
  return value as LaunchRecord
}

/** @param folder the slot's data folder */
export const launchFile = (folder: string): string => join(folder, 'launch.json')

/** @throws Hal0Error `storage.full`, `storage.failed` */
export const writeLaunchRecord = async (folder: string, name: string, record: LaunchRecord): Promise<void> => {
  const path = launchFile(folder)
  const doing = `write the launch record of slot ${name}`
  await writeFileAtomic(path, `${JSON.stringify(record)}\n`, doing, await modeIn(folder))
}

/** @throws Hal0Error `storage.failed` */
export const removeLaunchRecord = (folder: string, name: string): Promise<void> =>
  removeFile(launchFile(folder), `remove the launch record of slot ${name}`)

/** @returns null when there is none, or it is torn; systemd still knows what runs */
export const readLaunchRecord = async (folder: string): Promise<LaunchRecord | null> => {
  const path = launchFile(folder)
  try {
    const text = await readOwnText(path, 'read a launch record')
    return text === null ? null : parseLaunchRecord(text)
  } catch (error) {
    log.warn(`could not read ${path}`, error)
    return null
  }
}
