/** The daemon of this machine, by the address that it has recorded in its data folder. */
import { configDefaults } from '../../../contract/config.ts'
import { type DaemonAddress, readDaemonAddress } from '../../../system/daemon-address.ts'
import { daemonAnswers } from '../../../system/daemon-answers.ts'
import { findPaths } from '../../../system/paths.ts'
import { commandsHere } from '../../../system/systemd/hosting.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { Failure } from '../../terminal/failure.ts'

/** Where a daemon listens that nobody has told anything else. */
export const usualUrl = `http://127.0.0.1:${configDefaults.port}`

const hasRoot = (): boolean => (process.env.HAL0_ROOT ?? '') !== ''
const isRoot = (): boolean => process.getuid?.() === 0

/** The daemon of this user's folders (or of HAL0_ROOT); null if none runs. */
export const ownDaemon = (): DaemonAddress | null => readDaemonAddress(findPaths(process.env, isRoot()).data)

/**
 * The daemon that commands mean when HAL0_URL names none: this user's own, else the one that is installed for the whole machine;
 * null if neither runs. With HAL0_ROOT only the daemon of that folder is meant.
 */
export const knownDaemon = (): DaemonAddress | null =>
  ownDaemon() ?? (hasRoot() ? null : readDaemonAddress(findPaths({}, true).data))

/**
 * A hal0 at the usual port that has recorded no address in the folders that are looked into: an older one, or one in a container. With
 * HAL0_ROOT it cannot be the one that is meant.
 */
export const unrecordedDaemonAnswers = async (): Promise<boolean> => !hasRoot() && (await daemonAnswers(usualUrl))

/** Whether no hal0 is there for commands, whatever else may have the usual port. */
export const noDaemonHere = async (): Promise<boolean> => knownDaemon() === null && !(await unrecordedDaemonAnswers())

/**
 * Whatever has the usual port while no daemon runs in HAL0_ROOT is another one: commands must not reach it.
 * @throws Failure when HAL0_ROOT is set, and no daemon runs in that folder
 */
export const requireOwnDaemon = (): void => {
  if (!hasRoot() || ownDaemon() !== null) return
  const where = `none runs with its data in ${process.env.HAL0_ROOT} (HAL0_ROOT)`
  throw new Failure(exitCode.unreachable, `hal0 is not reachable: ${where}.`, { hint: commandsHere().start })
}
