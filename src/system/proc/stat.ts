/** What the kernel says about a process in /proc/<pid>/stat (proc_pid_stat(5)). */
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcStat {
  pid: number
  /** One letter, the state of the first thread; see `isRunning`. */
  state: string
  ppid: number
  /** Process group. */
  pgrp: number
  /** Session: the pid of the process that called setsid. */
  session: number
  kernelThread: boolean
  /** Threads that have not ended yet, the first one included. */
  threads: number
  /** Clock ticks (1/100 s) from the boot of the host to the start of the process; together with the pid it identifies a process. */
  startTime: number
}

const kernelThreadFlag = 0x00200000

/** @returns a function that gives a field by its number in proc_pid_stat(5), from 3 on; null if the text is not a stat line */
export const statFields = (text: string): ((number: number) => string | undefined) | null => {
  // The program's name is in parentheses and may itself contain spaces, parentheses and newlines.
  const nameEnd = text.lastIndexOf(')')
  if (nameEnd === -1) return null
  const fields = text.slice(nameEnd + 2).split(' ')
  return (number) => fields[number - 3]
}

/** @returns null if the text is not a stat line */
export const parseStat = (text: string): ProcStat | null => {
  const read = statFields(text)
  if (read === null) return null
  const pid = Number.parseInt(text, 10)
  const field = (number: number): number => Number(read(number))
  const stat = {
    pid,
    state: read(3) ?? '',
    ppid: field(4),
    pgrp: field(5),
    session: field(6),
    kernelThread: (field(9) & kernelThreadFlag) !== 0,
    threads: field(20),
    startTime: field(22),
  }
  const numbersRead = [pid, stat.ppid, stat.pgrp, stat.session, stat.threads, stat.startTime]
  return numbersRead.every(Number.isSafeInteger) ? stat : null
}

/**
 * Synchronous: it takes about 10 µs and, unlike environ and cmdline, never waits for a lock of that process.
 * @returns null if there is no such process
 */
export const readStat = (pid: number): ProcStat | null => {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    // The process is gone, or /proc hides it.
    return null
  }
}

/**
 * False once the process has released everything. A zombie with other threads has not: they still hold its ports and memory (a
 * killed Bun was seen to listen for 25 ms more), and they live on if only the first thread has ended.
 */
export const isRunning = ({ state, threads }: ProcStat): boolean => state !== 'X' && (state !== 'Z' || threads > 1)

/** Whether the process with this pid and start time still runs, in the sense of `isRunning`. */
export const stillRuns = (process: { pid: number; startTime: number }): boolean => {
  const stat = readStat(process.pid)
  return stat !== null && stat.startTime === process.startTime && isRunning(stat)
}

/** Every running process, without kernel threads. */
export const runningProcesses = (): ProcStat[] => {
  const found: ProcStat[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const stat = readStat(Number(entry))
    if (stat !== null && !stat.kernelThread && isRunning(stat)) found.push(stat)
  }
  return found
}

/** Clock ticks per second in /proc; fixed by the kernel's ABI on x86-64 and arm64. */
const ticksPerSecond = 100

/**
 * When a process started, milliseconds since the Unix epoch. Computed relative to this process, whose start is known in both clocks,
 * since the boot time in /proc/stat has only whole seconds, and some containers fake it.
 */
export const startedAt = (startTime: number): number => {
  const self = readStat(process.pid)
  if (self === null) return Date.now()
  return Math.round(performance.timeOrigin + ((startTime - self.startTime) * 1000) / ticksPerSecond)
}
