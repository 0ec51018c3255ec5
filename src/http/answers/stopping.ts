import { Hal0Error } from '../../lib/hal0-error.ts'

/** Seconds after which a service manager has a daemon up again. */
const retryAfterS = 5

/** What a daemon in its end tells whoever asks or waits. */
export const daemonStopping = (): Hal0Error =>
  new Hal0Error('daemon.stopping', 'hal0 is stopping. If it is being restarted, try again in a few seconds.', {
    retryAfterS,
  })
