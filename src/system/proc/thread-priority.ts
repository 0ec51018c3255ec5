/** Priorities of threads of this process (Linux). */
import { dlopen, FFIType } from 'bun:ffi'
import { readdirSync, readFileSync } from 'node:fs'
import { statFields } from './stat.ts'

/** Number of sched_setattr(2), which the C library of most systems has no name for. */
const schedSetattr: Partial<Record<NodeJS.Architecture, number>> = { x64: 314, arm64: 274 }

/** Numbers of proc_pid_stat(5). */
const niceField = 19
const policyField = 41
const attributesBytes = 48
/** SCHED_BATCH: one that wakes up takes the processor from nobody. */
const batch = 3
/** The middle of what `nice` has: a tenth of the processor beside a busy thread, all of it beside none. */
const behind = 10
/**
 * A thread with a shorter slice, as all others have, takes the processor from this one at once when it wakes up (Linux 6.12 and
 * later; before, nice alone counts and this is ignored).
 */
const sliceNs = 20_000_000n

/** As struct sched_attr has it: size, policy, flags, nice, priority, runtime, and two of other policies. */
const attributes = (nice: number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(attributesBytes))
  view.setUint32(0, attributesBytes, true)
  view.setUint32(4, batch, true)
  view.setInt32(16, nice, true)
  view.setBigUint64(24, sliceNs, true)
  return new Uint8Array(view.buffer)
}

/** A file of one of this process's threads; null: it ended since it was listed. */
const about = (id: number, file: 'comm' | 'stat'): string | null => {
  try {
    return readFileSync(`/proc/self/task/${id}/${file}`, 'utf8')
  } catch {
    return null
  }
}

const threads = (): number[] => readdirSync('/proc/self/task').map(Number)

/** Ids of this process's threads of that name. */
export const threadsNamed = (name: string): number[] => threads().filter((id) => about(id, 'comm')?.trim() === name)

/** Ids of this process's threads with the usual priority, but its first one: those that neither stand back nor give way. */
export const helperThreads = (): number[] =>
  threads().filter((id) => {
    const field = id === process.pid ? null : statFields(about(id, 'stat') ?? '')
    return field !== null && field(niceField) === '0' && field(policyField) === '0'
  })

/** @returns whether the system allowed it for all */
const schedule = (ids: readonly number[], nice: number): boolean => {
  // To open the library costs more than all calls.
  if (ids.length === 0) return true
  const number = schedSetattr[process.arch]
  if (number === undefined) return false
  const libc = dlopen('libc.so.6', {
    syscall: { args: [FFIType.i64, FFIType.i64, FFIType.ptr, FFIType.i64], returns: FFIType.i64 },
  })
  try {
    const wanted = attributes(nice)
    return ids.map((id) => Number(libc.symbols.syscall(number, id, wanted, 0))).every((result) => result === 0)
  } finally {
    libc.close()
  }
}

/**
 * Lets threads stand back behind the others where processors are short; what they start inherits it.
 * @param ids 0: the calling one
 * @returns whether the system allowed it for all
 */
export const standBack = (ids: readonly number[]): boolean => schedule(ids, behind)

/**
 * Lets threads keep their share of the processors, but take none from another thread, and leave theirs to one that wakes up.
 * @returns whether the system allowed it for all
 */
export const giveWay = (ids: readonly number[]): boolean => schedule(ids, 0)
