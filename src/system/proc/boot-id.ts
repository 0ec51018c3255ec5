/** Which boot this is: what tells a process of an earlier boot from one that has merely got its pid. */
import { readFileSync } from 'node:fs'
import { readStat } from './stat.ts'

/** The kernel's random id of this boot of the host; null where /proc does not tell. */
export const bootId = (): string | null => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    // Not every sandbox shows it; records then hold null on both sides and compare equal.
    return null
  }
}

/**
 * Start time of process 1. A container that was restarted keeps the kernel's boot id although nothing in it survived: its
 * new process 1 gives it away.
 */
export const initStartTime = (): number | null => readStat(1)?.startTime ?? null
