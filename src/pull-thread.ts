/** Entry point of a download thread, a separate program in the executable (build.ts). */
import { setPriority } from 'node:os'
import { serveDownload } from './models/pull/thread/thread.ts'

declare const self: Worker

/** The middle of nice's range: a tenth of the processor beside a busy thread, all of it otherwise. */
const behind = 10

// A download may wait, requests may not. Linux sets the priority of the calling thread (setpriority(2)) and of threads it starts.
setPriority(behind)

const hear = serveDownload((message) => self.postMessage(message))
self.onmessage = ({ data }) => hear(data)
