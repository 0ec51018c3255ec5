/** The daemon of this machine, without asking it: the address that it has recorded in its data folder. */
import { type DaemonAddress, readDaemonAddress } from '../../system/daemon-address.ts'
import { findPaths } from '../../system/paths.ts'

const isRoot = (): boolean => process.getuid?.() === 0

/** The daemon of this user's folders (or of HAL0_ROOT); null if none runs. */
export const ownDaemon = (): DaemonAddress | null => readDaemonAddress(findPaths(process.env, isRoot()).data)

/**
 * The daemon that commands mean when HAL0_URL names none: this user's own, else the one that is installed for the whole machine;
 * null if neither runs. With HAL0_ROOT only the daemon of that folder is meant.
 */
export const knownDaemon = (): DaemonAddress | null =>
  ownDaemon() ?? ((process.env.HAL0_ROOT ?? '') === '' ? readDaemonAddress(findPaths({}, true).data) : null)
