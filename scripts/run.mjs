/**
 * The first step of every `npm run`: plain node, so that it works on a machine that has nothing but node and npm. Installs the
 * dependencies when they are missing or older than the lock file (Bun itself is one of them), then runs the script under Bun.
 *
 *   node scripts/run.mjs SCRIPT [ARG]...
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bun = `${root}node_modules/.bin/bun`
const installed = `${root}node_modules/.package-lock.json`

const upToDate =
  existsSync(bun) &&
  existsSync(installed) &&
  statSync(installed).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs

if (!upToDate) {
  console.error('Installing what hal0 is built with (npm ci) ...')
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (npm.status !== 0) {
    console.error('npm ci failed; what it printed says why. Is the package registry reachable?')
    process.exit(1)
  }
}

const [script, ...args] = process.argv.slice(2)
const child = spawn(bun, [`${root}${script}`, ...args], { cwd: root, stdio: 'inherit' })
// A terminal sends Ctrl-C to both, and SIGHUP when it is closed; the script decides when it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal === 'SIGTERM' && child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
})
