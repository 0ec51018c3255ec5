/** Small programs that stand in for backends. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning, readStat } from '../../src/system/proc/stat.ts'
import type { ExitReport, LaunchSpec } from '../../src/system/supervisor.ts'

/** A launch of `/bin/sh -c script`. */
export const shell = (name: string, script: string): LaunchSpec => ({
  name,
  argv: ['/bin/sh', '-c', script],
  env: { PATH: '/usr/bin:/bin' },
  cwd: '/',
})

/** A launch of a Bun program written to `folder`; `process.argv` begins at index 2 with `args`. */
export const bunProgram = (name: string, folder: string, source: string, args: string[] = []): LaunchSpec => {
  const path = join(folder, `${name}-${crypto.randomUUID()}.ts`)
  writeFileSync(path, source)
  return { name, argv: [process.execPath, path, ...args], env: { PATH: '/usr/bin:/bin', HOME: folder }, cwd: '/' }
}

/** Writes an executable file. @returns its path */
export const executable = (folder: string, name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  chmodSync(path, 0o755)
  return path
}

/** Listens on a free port of 127.0.0.1 and prints it. */
export const listenerSource = `
const server = Bun.listen({ hostname: process.argv[2] ?? '127.0.0.1', port: Number(process.argv[3] ?? 0), socket: { data() {} } })
console.log('port ' + server.port)
`

/** Starts a child with listenerSource in another session, where it outlives its parent; then waits, or exits when told to. */
export const daemoniserSource = (listener: string): string => `
Bun.spawn([process.execPath, ${JSON.stringify(listener)}], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] }).unref()
if (process.argv[2] === 'exit') { await Bun.sleep(300); process.exit(0) }
setInterval(() => {}, 1000)
`

export const runs = (pid: number): boolean => {
  const stat = readStat(pid)
  return stat !== null && isRunning(stat)
}

/** An `onExit` callback, its report as a promise, and how often it was called. */
export const exitProbe = () => {
  const { promise, resolve } = Promise.withResolvers<ExitReport>()
  const probe = {
    calls: 0,
    exit: promise,
    onExit: (exit: ExitReport) => {
      probe.calls += 1
      resolve(exit)
    },
  }
  return probe
}
