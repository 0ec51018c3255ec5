/** Entry of the thread of a download, a program of its own in the executable (build.ts). */
import { serveDownload } from './models/pull-thread/thread.ts'
import { standBack } from './system/thread-priority.ts'

declare const self: Worker

// A download may wait, requests may not: the API's slowest answers are a third sooner for it (npm run bench:pull). Where it is not
// allowed nothing but that is lost.
standBack()

const hear = serveDownload((message) => self.postMessage(message))
self.onmessage = ({ data }) => hear(data)
