/** The inside of a download thread: it runs one download, which it is told to begin and perhaps to cancel. */
import { systemClock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import { openHub } from '../../hub/client/hub-setup.ts'
import { download } from '../download/download.ts'
import { headJudge } from './head-judge.ts'
import { hubOrigin } from './hub-origin.ts'
import type { FromThread, ToThread } from './messages.ts'

/** @param say sends a message to the daemon */
export const serveDownload = (say: (message: FromThread) => void): ((message: ToThread) => void) => {
  const stop = new AbortController()
  const begin = async (message: Extract<ToThread, { say: 'begin' }>): Promise<FromThread> => {
    const { what, settings, hub: place } = message
    try {
      const { hub } = openHub(process.env, place.mirrors, place.tokenFile)
      const files = await download(what, {
        origin: hubOrigin(hub, what),
        clock: systemClock,
        signal: stop.signal,
        settings,
        judge: headJudge(what.all, what.projector),
        onProgress: (progress) => say({ say: 'progress', progress }),
      })
      return { say: 'done', files }
    } catch (error) {
      const failure = Hal0Error.from(error)
      // Its cause cannot leave this thread.
      if (failure.code === 'internal') log.error(`the download of ${what.repo} failed`, failure.cause ?? failure)
      return { say: 'failed', error: failure.body() }
    }
  }
  return (message) => {
    if (message.say === 'cancel') stop.abort()
    // Never rejects.
    else void begin(message).then(say)
  }
}
