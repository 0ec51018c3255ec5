/** Entry of the thread of a download, a program of its own in the executable (build.ts). */
import { serveDownload } from './models/pull/thread/thread.ts'
import { giveWay, helperThreads, standBack, threadsNamed } from './system/proc/thread-priority.ts'

declare const self: Worker

// A download may wait, requests may not: the API's slowest answers are sooner for it (npm run bench:pull). Bun receives for fetch in
// a thread of that name; no request of the API goes through it. Where it is not allowed nothing but that is lost.
standBack([0, ...threadsNamed('HTTP Client')])

/** How often threads are looked for that were started since, milliseconds. */
const lookAgainMs = 500
// The engine's threads compile and collect for the download too, and Bun's save it to the disk: a thread with the usual priority
// kept a request waiting until it was done, up to 4 ms. They work for the API as well, so they keep their share.
const helpersGiveWay = (): boolean => giveWay(helperThreads())
helpersGiveWay()
setInterval(helpersGiveWay, lookAgainMs)

const hear = serveDownload((message) => self.postMessage(message))
self.onmessage = ({ data }) => hear(data)
