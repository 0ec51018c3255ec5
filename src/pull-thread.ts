/** Entry of the thread of a download, a program of its own in the executable (build.ts). */
import { setPriority } from 'node:os'
import { serveDownload } from './models/pull/thread/thread.ts'

declare const self: Worker

/** The middle of what nice has: a tenth of the processor beside a busy thread, all of it beside none. */
const behind = 10

// A download may wait, requests may not. Linux sets the priority of the calling thread (setpriority(2)), and of what it starts.
setPriority(behind)

const hear = serveDownload((message) => self.postMessage(message))
self.onmessage = ({ data }) => hear(data)
