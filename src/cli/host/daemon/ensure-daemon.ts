/** A daemon for a command that needs one: the one that runs, else it is started. */
import { configDefaults } from '../../../contract/config.ts'
import type { DaemonAddress } from '../../../system/daemon-address.ts'
import { daemonAnswers } from '../../../system/daemon-answers.ts'
import { findPaths } from '../../../system/paths.ts'
import { listenersOn } from '../../../system/process/port-owner.ts'
import { hostingCommands, hostingHere, scopeOfHosting, thisCaller } from '../../../system/systemd/hosting.ts'
import { urlIsConfigured } from '../../api/connection.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { Failure, usageError } from '../../terminal/failure.ts'
import { talk } from '../../terminal/output.ts'
import { knownDaemon, ownDaemon, unrecordedDaemonAnswers, usualUrl } from '../address/known-daemon.ts'
import { startOwn, untilItAnswers } from './start-own.ts'
import { startService } from './start-service.ts'

/** The first uid of people, as distributions give them out; below are services. */
const firstPerson = 1000

/** Whether what listens at the usual port belongs to another person. What a service or a container has there may be meant. */
const isSomebodyElses = async (): Promise<boolean> => {
  const [user = 0] = (await listenersOn(configDefaults.port)).users
  return user >= firstPerson && user !== process.getuid?.()
}

/** A hal0 that has recorded no address here, and is nobody else's; which one it is is said. */
const unrecorded = async (): Promise<string | null> => {
  if (!(await unrecordedDaemonAnswers()) || (await isSomebodyElses())) return null
  talk.log(`Using the hal0 that answers at ${usualUrl}.`)
  return usualUrl
}

/** Whether a daemon runs that commands are sent to, and where. */
const running = async (signal: AbortSignal): Promise<string | null> => {
  const isThere = async (daemon: DaemonAddress): Promise<boolean> =>
    daemon.pid === ownDaemon()?.pid ? await untilItAnswers(daemon, signal) : await daemonAnswers(daemon.url)
  const known = knownDaemon()
  return known !== null && (await isThere(known)) ? known.url : await unrecorded()
}

interface Need {
  /** Of `--port`, for a daemon that has to be started; null: not given. */
  port: number | null
  signal: AbortSignal
  /** The last chance to refuse before a daemon of one's own is started. A service is meant to run anyway. */
  beforeStart(): Promise<void>
}

/**
 * Resolves once the daemon that commands are sent to answers. What HAL0_URL names is never started.
 * @throws Failure why there is none; Hal0Error; the signal's reason once it aborted
 */
export const ensureDaemon = async ({ port, signal, beforeStart }: Need): Promise<void> => {
  if (urlIsConfigured()) {
    if (port !== null)
      throw usageError('--port is for a daemon that has to be started here, and HAL0_URL names another.')
    return
  }
  const url = await running(signal)
  if (url !== null) {
    if (port === null || new URL(url).port === String(port)) return
    throw new Failure(exitCode.failed, `hal0 already runs, at ${url}; --port is for one that has to be started.`, {
      hint: 'the same without --port',
    })
  }
  const caller = thisCaller()
  const hosting = hostingHere(caller)
  const scope = scopeOfHosting(hosting)
  if (scope !== null) {
    const commands = hostingCommands(hosting, caller.isRoot)
    if (port !== null) {
      throw usageError('hal0 runs as a service here, whose port is a setting.', commands.usePort(port))
    }
    return await startService(scope, commands)
  }
  await beforeStart()
  await startOwn(findPaths(process.env, caller.isRoot), port, signal)
}
