/**
 * Runs each download in its own thread. Hashing and writing a fast download keeps a thread busy, and the buffers of its answers
 * fill a heap. Both stay out of the thread that answers requests, and the heap is freed with the thread.
 */

import { Hal0Error } from '../../../lib/hal0-error.ts'
import { log } from '../../../lib/log.ts'
import type { HubPlace } from '../../hub/client/hub-setup.ts'
import type { DownloadProgress } from '../../progress/progress.ts'
import type { DownloadSettings } from '../download/settings.ts'
import type { DownloadedFile } from '../download/staged-file.ts'
import type { FromThread, ThreadDownload, ToThread } from './messages.ts'

/** The part of a Worker that is used. */
export type Thread = Pick<Worker, 'postMessage' | 'terminate' | 'onmessage' | 'onerror'>

export interface DownloadPorts {
  /** Cancels; received data is kept. */
  signal: AbortSignal
  settings: Partial<DownloadSettings>
  onProgress: (progress: DownloadProgress) => void
}

/** See `download`. @throws Hal0Error like that */
export type Downloader = (what: ThreadDownload, ports: DownloadPorts) => Promise<DownloadedFile[]>

/**
 * @param start starts a thread that runs `thread.ts`
 * @param hub called for each download
 * @returns a downloader that starts one for each download and ends it afterwards
 */
export const downloadInThread =
  (start: () => Thread, hub: () => HubPlace): Downloader =>
  (what, { signal, settings, onProgress }) =>
    new Promise((resolve, reject) => {
      const thread = start()
      const say = (message: ToThread): void => thread.postMessage(message)
      const cancel = (): void => say({ say: 'cancel' })
      const end = (settle: () => void): void => {
        signal.removeEventListener('abort', cancel)
        thread.terminate()
        settle()
      }
      thread.onmessage = ({ data }: MessageEvent<FromThread>) => {
        if (data.say === 'progress') onProgress(data.progress)
        else if (data.say === 'done') end(() => resolve(data.files))
        else end(() => reject(Hal0Error.fromBody(data.error)))
      }
      thread.onerror = (event) => {
        log.error('the thread of a download failed', event.message)
        end(() => reject(Hal0Error.from(event.error)))
      }
      say({ say: 'begin', what, settings, hub: hub() })
      // After `begin`, so that a download that was already cancelled ends with its own error.
      signal.addEventListener('abort', cancel)
      if (signal.aborted) cancel()
    })
