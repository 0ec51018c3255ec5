/** Entry of the thread of a download, a program of its own in the executable (build.ts). */
import { serveDownload } from './models/pull-thread/thread.ts'
import { standBack, threadsNamed } from './system/thread-priority.ts'

declare const self: Worker

// A download may wait, requests may not: the API's slowest answers are sooner for it (npm run bench:pull). Bun receives for fetch in
// a thread of that name; no request of the API goes through it. Where it is not allowed nothing but that is lost.
standBack([0, ...threadsNamed('HTTP Client')])

const hear = serveDownload((message) => self.postMessage(message))
self.onmessage = ({ data }) => hear(data)
