/** Downloads one file in a process of its own, so that a test can kill it. Prints "done", or the error's code. */
import { Hal0Error } from '../../../src/lib/hal0-error.ts'
import type { RemoteFile } from '../../../src/models/pull/origin/origin.ts'
import { attempt } from './fixture.ts'

const [url = '', folder = '', file = ''] = process.argv.slice(2)
// The server's pauses are no stalls.
const settings = { stallMs: 10_000, maxConnections: 2 }
const outcome = await attempt({ folder, url, files: [JSON.parse(file) as RemoteFile], settings })
console.log(outcome instanceof Hal0Error ? outcome.code : 'done')
