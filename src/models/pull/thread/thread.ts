/** The inside of a download thread: it runs one download, which it is told to begin and perhaps to cancel. */
import { systemClock } from '../../../lib/clock.ts'
import { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import { PackageIndex } from '../../../system/package-index/package-index.ts'
import { type HubPlace, openHub } from '../../hub/client/hub-setup.ts'
import { type DownloadDeps, download } from '../download/download.ts'
import type { DownloadedFile } from '../download/staged-file.ts'
import { pullCodes } from '../package/archive-origin.ts'
import { bringPackage } from '../package/bring-package.ts'
import { headJudge } from './head-judge.ts'
import { hubOrigin } from './hub-origin.ts'
import type { FromThread, ThreadDownload, ToThread } from './messages.ts'

const bring = async (
  what: ThreadDownload,
  { mirrors, tokenFile }: HubPlace,
  ports: Pick<DownloadDeps, 'clock' | 'signal' | 'settings' | 'onProgress'>,
): Promise<DownloadedFile[]> => {
  if ('request' in what) {
    const judge = headJudge([what.request.file], null)
    return await bringPackage(what, {
      ...ports,
      judge,
      openIndex: () => PackageIndex.open(process.env, { codes: pullCodes }),
    })
  }
  const { hub } = openHub(process.env, mirrors, tokenFile)
  return await download(what, { ...ports, origin: hubOrigin(hub, what), judge: headJudge(what.all, what.projector) })
}

/** @param say sends a message to the daemon */
export const serveDownload = (say: (message: FromThread) => void): ((message: ToThread) => void) => {
  const stop = new AbortController()
  const begin = async (message: Extract<ToThread, { say: 'begin' }>): Promise<FromThread> => {
    const { what, settings, hub: place } = message
    try {
      const files = await bring(what, place, {
        clock: systemClock,
        signal: stop.signal,
        settings,
        onProgress: (progress) => say({ say: 'progress', progress }),
      })
      return { say: 'done', files }
    } catch (error) {
      const failure = Hal0Error.from(error)
      // Its cause cannot leave this thread.
      if (failure.code === 'internal') log.error(`the download into ${what.folder} failed`, failure.cause ?? failure)
      return { say: 'failed', error: failure.body() }
    }
  }
  return (message) => {
    if (message.say === 'cancel') stop.abort()
    // Never rejects.
    else void begin(message).then(say)
  }
}
