/** strace as the means of faults: it kills a process at one of its system calls, or makes the call fail. */
import { testWith } from '../../support/part.ts'

const found = Bun.which('strace')
const works = found !== null && Bun.spawnSync([found, '-o', '/dev/null', 'true']).exitCode === 0

/** `test` where processes can be traced. */
export const tracedTest = testWith('strace', works)

/**
 * The command that runs the daemon with a fault. The backends are left alone: strace lets go of them when they begin.
 * @param calls names of system calls, with commas
 * @param fault what strace's `inject` takes after the calls: `signal=KILL:when=3`, counted in each thread; null: only look
 * @param log where the calls are written to
 * @param path only calls on this path
 */
export const strace = (calls: string, fault: string | null, log: string, path?: string): string[] => [
  found ?? 'strace',
  ...['-f', '-b', 'execve', '-qq', '-y', '-o', log, '-e', `trace=${calls}`],
  ...(fault === null ? [] : ['-e', `inject=${calls}:${fault}`]),
  ...(path === undefined ? [] : ['-P', path]),
]

/**
 * Environment of a daemon whose calls are counted. strace counts those of each thread: with as few threads for files as Bun can have,
 * a row of points goes through the whole of a life.
 */
export const fewThreads = { UV_THREADPOOL_SIZE: '2' }
