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

/** What a record keeps to be known as one of this boot. */
export interface BootMark {
  boot_id: string | null
  init_start: number | null
}

export const thisBoot = (): BootMark => ({ boot_id: bootId(), init_start: initStartTime() })

export const isOfThisBoot = (record: BootMark): boolean => {
  const now = thisBoot()
  return record.boot_id === now.boot_id && record.init_start === now.init_start
}
