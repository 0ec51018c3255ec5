/** Faults that come and go while a daemon runs: strace attaches to it, makes its system calls fail, and lets go again. */
import { onTestFinished } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Daemon } from '../support/daemon.ts'
import { testWith } from '../support/part.ts'

const program = Bun.which('strace')

/** Attaching needs more rights than tracing a child: Yama may reserve it for root. */
const canAttach = async (): Promise<boolean> => {
  if (program === null) return false
  const target = Bun.spawn(['sleep', '60'])
  const tracer = Bun.spawn([program, '-p', String(target.pid), '-o', '/dev/null'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  for await (const text of tracer.stderr.pipeThrough(
    new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>,
  )) {
    said += text
    if (said.includes('attached')) break
  }
  target.kill('SIGKILL')
  await tracer.exited
  return said.includes('attached')
}

/** `test` where a running process can be given faults. */
export const faultTest = testWith('strace that may attach to a process', await canAttach())

export interface Fault {
  /** Names of system calls, with commas. */
  calls: string
  errno: 'EIO' | 'ENOSPC' | 'EDQUOT' | 'EROFS'
  /** Only calls on this path. */
  path?: string
}

/**
 * Makes the calls of the daemon fail, and of nothing else.
 * @returns a function that ends the fault and answers the calls that were seen, one a line
 */
export const inflict = async (daemon: Daemon, { calls, errno, path }: Fault): Promise<() => Promise<string[]>> => {
  const log = join(daemon.root, `fault-${crypto.randomUUID()}`)
  const only = path === undefined ? [] : ['-P', path]
  const tracer = Bun.spawn(
    [program ?? 'strace', '-f', '-b', 'execve', '-y', '-o', log, '-e', `trace=${calls}`, ...only].concat([
      '-e',
      `inject=${calls}:error=${errno}`,
      '-p',
      String(daemon.pid),
    ]),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  onTestFinished(() => tracer.kill())
  let said = ''
  const reader = tracer.stderr.getReader()
  const decoder = new TextDecoder()
  // It attaches to the process with all its threads before it says so.
  while (!said.includes('attached')) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`strace could not attach: ${said}`)
    said += decoder.decode(value, { stream: true })
  }
  reader.releaseLock()
  return async () => {
    tracer.kill('SIGINT')
    await tracer.exited
    return readFileSync(log, 'utf8').split('\n')
  }
}
