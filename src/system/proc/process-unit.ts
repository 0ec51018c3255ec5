/** The systemd unit that a process runs in. */
import { readFile } from 'node:fs/promises'

/**
 * The unit in a process's control groups, e.g. `hal0.service`; null for none. A host that mounts both versions of control groups has
 * one systemd line for each, and one of them may be empty.
 * @param text of /proc/<pid>/cgroup
 */
export const unitIn = (text: string): string | null => {
  for (const [, group = ''] of text.matchAll(/^(?:0::|\d+:name=systemd:)(.*)$/gm)) {
    const unit = group.split('/').findLast((part) => part.endsWith('.service'))
    if (unit !== undefined) return unit
  }
  return null
}

/** @returns null for a process outside of units, and for one that has ended */
export const unitOf = async (pid: number | 'self'): Promise<string | null> => {
  try {
    return unitIn(await readFile(`/proc/${pid}/cgroup`, 'latin1'))
  } catch {
    // It has ended in the meantime, or there is no /proc.
    return null
  }
}
