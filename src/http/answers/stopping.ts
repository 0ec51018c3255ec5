import { Hal0Error } from '../../lib/hal0-error.ts'

/** Seconds after which a service manager has restarted the daemon. */
const retryAfterS = 5

/** The error of a stopping daemon for new and waiting requests. */
export const daemonStopping = (): Hal0Error =>
  new Hal0Error('daemon.stopping', 'hal0 is stopping. If it is being restarted, try again in a few seconds.', {
    retryAfterS,
  })
