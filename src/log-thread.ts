/** Entry point of the thread of the database, a separate program in the executable (build.ts). */
import { serveLog } from './observability/log/serve-log.ts'

declare const self: Worker

const hear = serveLog((message) => self.postMessage(message))
self.onmessage = ({ data }) => hear(data)
