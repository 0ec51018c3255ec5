/** Entry of the thread of a download, a program of its own in the executable (build.ts). */
import { serveDownload } from './models/pull-thread/thread.ts'

declare const self: Worker

const hear = serveDownload((message) => self.postMessage(message))
self.onmessage = ({ data }) => hear(data)
