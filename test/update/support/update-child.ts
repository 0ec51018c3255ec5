/**
 * Runs one update in a separate process, which a test kills.
 *
 *   bun update-child.ts ROOT MANIFEST_URL PUBLIC_KEY KILL_AT
 *
 * KILL_AT: it kills itself before its outside call with this number; 0: never. The service's state is in ROOT/service.json.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { currentVersion } from '../../../src/system/files/release-folder.ts'
import type { ApiService, Host } from '../../../src/update/host.ts'
import { parsePublicKey } from '../../../src/update/release/minisign.ts'
import { update } from '../../../src/update/update.ts'
import { pathsOf, yes } from './installation.ts'

const [root = '', url = '', key = '', killAt = '0'] = process.argv.slice(2)
const paths = pathsOf(root)
const file = join(root, 'service.json')

let calls = 0
const outside = <A extends unknown[], R>(call: (...args: A) => R) => {
  return (...args: A): R => {
    calls += 1
    if (calls === Number(killAt)) process.kill(process.pid, 'SIGKILL')
    return call(...args)
  }
}

const service: ApiService = {
  state: outside(async () => 'running'),
  restart: outside(async () => writeFileSync(file, (await currentVersion(paths)) ?? '')),
  version: outside(async () => (existsSync(file) ? readFileSync(file, 'utf8') : null)),
  lastLines: async () => [],
}
const host: Host = {
  paths,
  service,
  fetch: outside(fetch),
  manifestLimits: { silentMs: 5000, totalMs: 5000 },
  downloadLimits: { silentMs: 5000, totalMs: 5000 },
  now: Date.now,
  sleep: Bun.sleep,
  say: outside(() => {}),
  progress: outside(() => {}),
}
console.log(JSON.stringify(await update(host, { url, keys: [parsePublicKey(key)], target: 'linux-x64' }, null, yes)))
