/** Identifies the current boot, so that a process of an earlier boot is not confused with a new one that got its pid. */
import { readFileSync } from 'node:fs'
import { readStat } from './stat.ts'

/** The kernel's random id of the host's current boot; null if /proc does not show it. */
export const bootId = (): string | null => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    // Not every sandbox shows it. Records then have null on both sides and compare equal.
    return null
  }
}

/**
 * Start time of process 1. A restarted container keeps the kernel's boot id, although nothing in it survived. Its new process 1
 * shows that it was restarted.
 */
export const initStartTime = (): number | null => readStat(1)?.startTime ?? null

/** The fields by which a record is recognized as being from this boot. */
export interface BootMark {
  boot_id: string | null
  init_start: number | null
}

export const thisBoot = (): BootMark => ({ boot_id: bootId(), init_start: initStartTime() })

export const isOfThisBoot = (record: BootMark): boolean => {
  const now = thisBoot()
  return record.boot_id === now.boot_id && record.init_start === now.init_start
}
