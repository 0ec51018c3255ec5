/** Starts the daemon of this user's folders in the background, once, however many commands want it at the same time. */
import { join } from 'node:path'
import type { DaemonAddress } from '../../../system/daemon-address.ts'
import { daemonAnswers } from '../../../system/daemon-answers.ts'
import { makeFolder } from '../../../system/files/atomic-file.ts'
import { exclusiveLock } from '../../../system/files/exclusive-lock.ts'
import { storageError } from '../../../system/files/storage-error.ts'
import type { Paths } from '../../../system/paths.ts'
import { exitCode } from '../../terminal/exit-code.ts'
import { Failure } from '../../terminal/failure.ts'
import { sayingWhatGoesOn } from '../../terminal/interrupt.ts'
import { talk } from '../../terminal/output.ts'
import { ownDaemon } from '../address/known-daemon.ts'
import { type Background, serveInBackground } from './background.ts'
import { choosePort } from './choose-port.ts'
import { whyItEnded, whyItIsSilent } from './why-not-started.ts'

const pollMs = 50
/** A start takes a second. It may read many models first, on a slow disk. */
const startWithinMs = 60_000

/** @throws the signal's reason once it aborted */
const pause = async (signal: AbortSignal): Promise<void> => {
  await Bun.sleep(pollMs)
  signal.throwIfAborted()
}

/**
 * Waits until a daemon that runs answers.
 * @returns false if it ended instead
 * @throws Failure when it does neither; the signal's reason once it aborted
 */
export const untilItAnswers = async ({ pid, url }: DaemonAddress, signal: AbortSignal): Promise<boolean> => {
  for (const until = performance.now() + startWithinMs; performance.now() < until; ) {
    if (await daemonAnswers(url)) return true
    // A daemon that is asked to stop lets its requests end first, and listens no more.
    if (ownDaemon()?.pid !== pid) return false
    await pause(signal)
  }
  throw new Failure(exitCode.unreachable, `hal0 runs (process ${pid}), but does not answer at ${url}.`, {
    hint: `kill ${pid}, then the same command again`,
  })
}

/** @throws Failure with what it printed last, when it ended or does not answer */
const untilItListens = async (data: string, background: Background, signal: AbortSignal): Promise<DaemonAddress> => {
  const { pid, exited } = background
  let hasEnded = false
  void exited.then(() => {
    hasEnded = true
  })
  for (const until = performance.now() + startWithinMs; ; await pause(signal)) {
    // Somebody may have started another one by hand, which this one then left the folder to.
    const daemon = ownDaemon()
    if (daemon !== null && (daemon.pid === pid || hasEnded) && (await daemonAnswers(daemon.url))) return daemon
    if (!hasEnded && performance.now() < until) continue
    throw hasEnded ? await whyItEnded(data, background) : await whyItIsSilent(background, startWithinMs)
  }
}

const launch = async (paths: Paths, asked: number | null, signal: AbortSignal): Promise<void> => {
  const { port, because } = await choosePort(paths, asked)
  if (because !== null) talk.log(because)
  const background = serveInBackground(paths.data, ['--port', String(port)])
  const { url } = await sayingWhatGoesOn(
    () => untilItListens(paths.data, background, signal),
    () => [`hal0 goes on starting in the background. Stop it with: kill ${background.pid}`],
  )
  talk.log(`hal0 now runs in the background at ${url}`)
  talk.log(`Its log: ${background.log}`)
  talk.log(`It runs until you end it: kill ${background.pid}`)
}

const lockIn = (data: string): Disposable | null => {
  const path = join(data, 'start.lock')
  try {
    return exclusiveLock(path)
  } catch (error) {
    throw storageError(error, path, 'start hal0')
  }
}

/**
 * @param asked the port of `--port`; null: not given
 * @throws Failure why there is none; Hal0Error; the signal's reason once it aborted
 */
export const startOwn = async (paths: Paths, asked: number | null, signal: AbortSignal): Promise<void> => {
  await makeFolder(paths.data).catch((error: unknown) => {
    throw storageError(error, paths.data, 'make the folder for the data')
  })
  for (const until = performance.now() + 2 * startWithinMs; performance.now() < until; await pause(signal)) {
    using lock = lockIn(paths.data)
    const daemon = ownDaemon()
    if (daemon !== null && (await daemonAnswers(daemon.url))) return
    // Another command is starting it.
    if (lock === null) continue
    if (daemon !== null && (await untilItAnswers(daemon, signal))) return
    return await launch(paths, asked, signal)
  }
  throw new Failure(exitCode.unreachable, 'Another command has begun to start hal0, and it still does not answer.', {
    hint: `less ${join(paths.data, 'serve.log')}`,
  })
}
