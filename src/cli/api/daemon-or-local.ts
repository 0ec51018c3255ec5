import { noDaemonHere } from '../host/address/known-daemon.ts'
import { urlIsConfigured } from './connection.ts'

/**
 * Asks the daemon. If none runs and HAL0_URL names none, acts on this machine.
 * @throws whatever `daemon` or `local` throws
 */
export const daemonOrLocal = async <T>(daemon: () => Promise<T>, local: () => Promise<T>): Promise<T> =>
  urlIsConfigured() || !(await noDaemonHere()) ? await daemon() : await local()
